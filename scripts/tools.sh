#!/usr/bin/env bash
# Installs cargo-deny in its pinned version into $TOOLS, unless it is there. Unoptimized: it is run once or twice.
set -euo pipefail
: "${TOOLS:?is set by the Makefile}"

version=0.20.2
deny=$TOOLS/bin/cargo-deny

if [ "$("$deny" --version 2>/dev/null || true)" = "cargo-deny $version" ]; then
    printf 'cargo-deny %s is there: %s\n' "$version" "$deny"
    exit
fi
# A target folder of its own: nothing of it stays, and nothing of ours is built again.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cargo install cargo-deny --version "$version" --locked --debug --force --root "$TOOLS" --target-dir "$build"
