#!/usr/bin/env bash
# Known vulnerabilities. The advisory database is fetched anew; without it nothing is claimed.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TOOLS:?is set by the Makefile}"

scripts/stage.sh tools scripts/tools.sh cargo-deny
deny=$TOOLS/bin/cargo-deny
if ! "$deny" fetch db; then
    echo 'audit: NOT CHECKED: the advisory database cannot be reached from here (the reason stands above).' >&2
    exit 1
fi
scripts/stage.sh audit "$deny" check --disable-fetch advisories
