#!/usr/bin/env bash
# `make infra`: checks infra/ against docs/SETTINGS.md, and the rules themselves against copies that break them.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TOOLS:?is set by the Makefile}"

scripts/tools.sh pycep
export PYTHONPATH=$TOOLS/pycep PYTHONDONTWRITEBYTECODE=1
python3 scripts/infra/check.py
python3 scripts/infra/test_rules.py
