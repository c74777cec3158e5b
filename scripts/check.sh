#!/usr/bin/env bash
# Format, lints, and what may be depended on (deny.toml). Every stage runs, also after one that failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
: "${TOOLS:?is set by the Makefile}"

failed=0
stage() { scripts/stage.sh "$@" || failed=$((failed + 1)); }

stage format cargo fmt --all --check
stage lint cargo clippy --workspace --all-targets --locked -- -D warnings
if scripts/stage.sh tools scripts/tools.sh; then
    stage dependencies "$TOOLS/bin/cargo-deny" --locked check bans licenses sources
else
    failed=$((failed + 1))
fi
exit "$failed"
