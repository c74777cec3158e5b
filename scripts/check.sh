#!/usr/bin/env bash
# `make check`: what can be said without running anything. Every stage runs, also after one that failed.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

check_stages
print_stages
[ "$failed" -eq 0 ]
