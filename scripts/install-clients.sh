#!/usr/bin/env bash
# Programs of others that tests drive, unmodified and in pinned versions: the AWS command line, boto3 and cryptography from PyPI in a virtual
# environment of their own, and from their Go modules SOPS and the Versity S3 Gateway, a server that speaks S3; with --more also Cosign,
# OpenTofu and the last Terraform whose AWS provider is a Go module, and the programs of test/clients/more that use AWS's SDKs for Go,
# Java and Rust, all of which take long to build. What is there already is left as it is. They go into the folder CLAVIGER_CLIENTS, or
# else ~/.cache/claviger-clients.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

more=no
if [ "${1:-}" = --more ]; then more=yes; fi
folder=${CLAVIGER_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/claviger-clients}
mkdir -p "$folder/bin"

for needed in python3 go; do
  if ! command -v "$needed" >/dev/null; then
    echo "$needed is missing; on Debian, scripts/install-debian.sh --clients installs it" >&2
    exit 1
  fi
done

# Since 1.21, Go fetches the release that a module asks for by itself. One before that, such as Debian 12's, fetches one that does: releases
# are modules too, which say of no file that it is a program, and fetch nothing unless told to.
if ! go version | grep -Eq ' go1\.(2[1-9]|[3-9][0-9])'; then
  release=golang.org/toolchain@v0.0.1-go1.24.9.$(go env GOOS)-$(go env GOARCH)
  release=$(go mod download -json "$release" | sed -n 's/^\s*"Dir": "\(.*\)",$/\1/p')
  chmod +x "$release"/bin/* "$release"/pkg/tool/*/*
  export PATH="$release/bin:$PATH" GOTOOLCHAIN=auto
  go version
fi

started=$SECONDS
python=$folder/python
if ! cmp -s test/clients/requirements.txt "$python/requirements.txt"; then
  echo "installing the AWS command line, boto3 and cryptography"
  rm -rf "$python"
  python3 -m venv "$python"
  "$python/bin/pip" install --quiet --disable-pip-version-check --no-deps -r test/clients/requirements.txt
  cp test/clients/requirements.txt "$python/requirements.txt"
fi

# A version is part of the file's name, so that another version is another file. A module that replaces others can only be built from its
# own folder, so each is.
build() {
  local name=$1 module=$2 version=$3 package=$4 toolchain=${5:-auto} binary="$folder/bin/$1-$3"
  if [ -x "$binary" ]; then return; fi
  echo "building $name $version"
  local place
  place=$(mktemp -d)
  (
    cd "$place"
    go mod download "$module@$version"
    cp -r "$(go list -m -f '{{.Dir}}' "$module@$version")" source
    chmod -R u+w source
    cd source
    GOTOOLCHAIN=$toolchain CGO_ENABLED=0 nice go build -mod=mod -buildvcs=false -ldflags='-s -w' -o "$place/$name" "./$package"
  )
  mv "$place/$name" "$binary"
  rm -rf "$place"
}

while read -r first second third fourth fifth sixth; do
  case $first in
    '' | '#') ;;
    more) if [ "$more" = yes ]; then build "$second" "$third" "$fourth" "$fifth" "$sixth"; fi ;;
    *) build "$first" "$second" "$third" "$fourth" "$fifth" ;;
  esac
done <test/clients/tools.txt

# A program of test/clients/more is built in a copy of its folder, where this leaves what is to be run as `built`.
build_go() {
  CGO_ENABLED=0 nice go build -trimpath -buildvcs=false -ldflags='-s -w' -o built .
}
build_java() {
  nice mvn --quiet --batch-mode -Dstyle.color=never compile
  rm -rf "$1.d"
  mv target "$1.d"
  printf '#!/bin/sh\nexec java -cp "%s.d/classes:%s.d/lib/*" Story\n' "$1" "$1" >built
  chmod +x built
}
build_rust() {
  CARGO_TARGET_DIR=target nice cargo build --quiet --locked
  mv target/debug/aws-sdk-rust built
}

# What a program is made of stands in its file's name, in place of a version; test/clients/tools.ts reads it the same way.
without=()
sdk() {
  local language=$1 place name tool
  for tool in "${@:2}"; do
    if ! command -v "$tool" >/dev/null; then
      without+=("$tool, for AWS's SDK for ${language^}")
      return
    fi
  done
  place=$(mktemp -d)
  cp -r "test/clients/more/$language/." "$place"
  rm -rf "$place/target"
  name=aws-sdk-$language-$(cd "$place" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12)
  if [ ! -x "$folder/bin/$name" ]; then
    echo "building a program with AWS's SDK for ${language^}"
    (cd "$place" && "build_$language" "$folder/bin/$name")
    mv "$place/built" "$folder/bin/$name"
  fi
  rm -rf "$place"
}

if [ "$more" = yes ]; then
  sdk go go
  sdk java java javac mvn
  sdk rust cargo
fi
if [ "${#without[@]}" -gt 0 ]; then
  printf 'missing: %s\n' "${without[@]}" >&2
  echo "docs/aws/sdks.md says which versions these need; all else is built" >&2
  exit 1
fi
echo "the clients are in $folder ($((SECONDS - started)) s)"
