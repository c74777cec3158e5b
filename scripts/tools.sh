#!/usr/bin/env bash
# Installs the pinned version of cargo-deny into $TOOLS, unless it is there. It is built without optimization, because that
# is faster for a tool that runs for seconds.
set -euo pipefail
: "${TOOLS:?is set by the Makefile}"

version=0.20.2
deny=$TOOLS/bin/cargo-deny

if [ "$("$deny" --version 2>/dev/null || true)" = "cargo-deny $version" ]; then
    printf 'cargo-deny %s is installed: %s\n' "$version" "$deny"
    exit
fi
# It is built in a temporary target folder: nothing of it stays, and nothing in our target folder is built again.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cargo install cargo-deny --version "$version" --locked --debug --force --root "$TOOLS" --target-dir "$build"
