#!/usr/bin/env bash
# What a fresh Debian machine lacks to install and test this project: npm, with any Node >= 20 to start it, and git for the check's own
# look at the tree. The Node that everything runs on comes through npm. With --clients also what scripts/install-clients.sh needs: Python
# with virtual environments, and Go; Chromium, in which the pages are tested; and PostgreSQL, of which tests start one of their own. Nothing
# is done where all of it is there.
set -euo pipefail

missing=()
command -v npm >/dev/null || missing+=(nodejs npm)
command -v git >/dev/null || missing+=(git)
if [ "${1:-}" = --clients ]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
  # Any Go will do: install-clients.sh fetches the one that a module asks for.
  command -v go >/dev/null || missing+=(golang-go ca-certificates)
  command -v chromium >/dev/null || missing+=(chromium)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
fi
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
