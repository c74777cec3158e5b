#!/usr/bin/env bash
# `make audit`: checks the dependencies for known vulnerabilities. Fails if the advisory database cannot be fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TOOLS:?is set by the Makefile}"

scripts/stage.sh tools scripts/tools.sh cargo-deny
deny=$TOOLS/bin/cargo-deny
if ! "$deny" fetch db; then
    echo 'audit: NOT CHECKED: the advisory database cannot be fetched (the reason is above).' >&2
    exit 1
fi
scripts/stage.sh audit "$deny" check --disable-fetch advisories
