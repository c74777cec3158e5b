#!/usr/bin/env bash
# Everything, in stages. The last line is the sum over all tests; a stage that fails counts as one failed test more,
# so that nothing can fail without being counted.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
: "${CARGO_TARGET_DIR:?is set by the Makefile}"

passed=0 failed=0 skipped=0
stages=()

# stage NAME COMMAND…: runs it, remembers how it ended.
stage() {
    local start=$SECONDS verdict=ok
    scripts/stage.sh "$@" || verdict=FAILED
    stages+=("$(printf '%-12s %-6s %5d s' "$1" "$verdict" $((SECONDS - start)))")
    [ "$verdict" = ok ]
}

# Runs the tests and keeps what they print for counting.
tests() {
    cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log"
}
export -f tests

# sum WORD: adds up one column of all "test result:" lines.
sum() {
    awk -v word="$1" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) } END { print n + 0 }' "$log"
}

finish() {
    printf '\n%s\n' "Stages:"
    printf '  %s\n' "${stages[@]}"
    local skips=
    [ "$skipped" -eq 0 ] || skips=", $skipped skipped"
    printf '%d passed, %d failed%s\n' "$passed" "$failed" "$skips"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

mkdir -p "$CARGO_TARGET_DIR"
log=$CARGO_TARGET_DIR/test.log
: >"$log"
export log

if ! stage build cargo build --workspace --all-targets --locked; then
    failed=1
    finish
fi
stage check scripts/check.sh || failed=$((failed + 1))
stage tests bash -o pipefail -c tests
tests_ok=$?
passed=$(sum passed) skipped=$(sum ignored)
tests_failed=$(sum failed)
# A test program that crashed has no result line.
[ "$tests_ok" -eq 0 ] || [ "$tests_failed" -gt 0 ] || tests_failed=1
failed=$((failed + tests_failed))
if stage run "$CARGO_TARGET_DIR/debug/local-stack" run; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
finish
