#!/usr/bin/env bash
# `make test`: runs everything in stages. The last line sums up all tests. Any other stage that fails counts as one failed
# test, so that no failure is missing in the sum.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

export log=$CARGO_TARGET_DIR/test.log
# The tests connect to this machine only, so they must not use a proxy.
export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}"
passed=0 skipped=0 azurite=
# Tests add lines with figures for people.
export TEST_FIGURES=$CARGO_TARGET_DIR/test.figures

# Runs the tests and keeps their output, from which the results are counted.
# shellcheck disable=SC2329 # called by name: bash -c tests
tests() {
    cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log"
}
export -f tests

# sum WORD: adds up the numbers before WORD in all "test result:" lines.
sum() {
    awk -v word="$1" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) } END { print n + 0 }' "$log"
}

# of_azurite RESULT: counts the tests over Azurite with this result. They are in modules of that name.
of_azurite() {
    grep -cE "^test ([a-z_]+::)*azurite::[a-z0-9_:]+ \.\.\. $1\$" "$log"
}

count_tests() {
    passed=$(sum passed) skipped=$(sum ignored)
    local tests_failed
    tests_failed=$(sum failed)
    azurite="over Azurite: $(of_azurite ok) passed, $(of_azurite FAILED) failed"
    # The stage was counted as one failure: replace it by the failed tests. A crashed test program has no result line; then
    # the one failure stays.
    [ "$tests_failed" -eq 0 ] || failed=$((failed - 1 + tests_failed))
}

finish() {
    print_stages
    [ -z "$azurite" ] || printf '%s\n' "$azurite"
    sort "$TEST_FIGURES"
    local skips=
    [ "$skipped" -eq 0 ] || skips=", $skipped skipped"
    printf '%d passed, %d failed%s\n' "$passed" "$failed" "$skips" | tee "$CARGO_TARGET_DIR/test.summary"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

mkdir -p "$CARGO_TARGET_DIR"
: >"$log"
: >"$TEST_FIGURES"
rm -f "$CARGO_TARGET_DIR/test.summary"

stage build cargo build --workspace --all-targets --locked || finish
check_stages
# Without it the tests over Azurite fail, and say so.
stage azurite scripts/tools.sh azurite
stage tests bash -o pipefail -c tests
count_tests
stage run "$CARGO_TARGET_DIR/debug/local-stack" run && passed=$((passed + 1))
finish
