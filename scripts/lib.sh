# Sourced by check.sh and test.sh: runs stages, goes on after one that failed, and prints how each ended.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
: "${TOOLS:?is set by the Makefile}" "${CARGO_TARGET_DIR:?is set by the Makefile}"

failed=0
stages=()

# stage NAME COMMAND…: runs the command, and records time and result. A failure counts into $failed.
stage() {
    local start=$SECONDS verdict=ok
    scripts/stage.sh "$@" || verdict=FAILED
    stages+=("$(printf '%-12s %-6s %5d s' "$1" "$verdict" $((SECONDS - start)))")
    [ "$verdict" = ok ] || { failed=$((failed + 1)) && false; }
}

# Format, lints, and the rules for dependencies (deny.toml).
check_stages() {
    stage format cargo fmt --all --check
    stage lint cargo clippy --workspace --all-targets --locked -- -D warnings
    stage tools scripts/tools.sh &&
        stage dependencies "$TOOLS/bin/cargo-deny" --locked check bans licenses sources
}

print_stages() {
    printf 'Stages:\n'
    printf '  %s\n' "${stages[@]}"
}
