#!/usr/bin/env bash
# What a fresh Debian machine lacks to install and test this project: npm, with any Node >= 20 to start it, and git for the check's own
# look at the tree. The Node that everything runs on comes through npm. Nothing is done where all of it is there.
set -euo pipefail

missing=()
command -v npm >/dev/null || missing+=(nodejs npm)
command -v git >/dev/null || missing+=(git)
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
