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

# Spelling (typos.toml). The tool is installed here, so that a machine without Python fails this stage and no other.
spelling() {
    scripts/tools.sh typos && "$TOOLS/typos/bin/typos"
}
export -f spelling

# Format, lints (of the packaged program too), documentation, the rules for dependencies (deny.toml), spelling, infra/, the workflows,
# the scripts of package and migration, and the commands in docs/deployment.md that run here.
check_stages() {
    stage format cargo fmt --all --check
    stage lint cargo clippy --workspace --all-targets --locked -- -D warnings
    # The program as it is packaged, so without SQLite.
    stage packaged cargo clippy --package biller-onboarding --lib --bins --no-default-features --locked -- -D warnings
    # Private items too: most of the code is private, and its comments link to each other.
    stage doc env RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked
    stage tools scripts/tools.sh cargo-deny &&
        stage dependencies "$TOOLS/bin/cargo-deny" --locked check bans licenses sources
    stage spelling bash -c spelling
    stage infra scripts/infra.sh
    stage workflows scripts/workflows.sh
    stage packaging env PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover --quiet --start-directory scripts/package
    stage commands python3 scripts/marked_commands.py docs/deployment.md
}

print_stages() {
    printf 'Stages:\n'
    printf '  %s\n' "${stages[@]}"
}
