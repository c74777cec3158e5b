#!/usr/bin/env bash
# tools.sh NAME…: installs each of these tools in its pinned version into $TOOLS, unless it is there.
set -euo pipefail
: "${TOOLS:?is set by the Makefile}"

# is_there PROGRAM VERSION: succeeds if the program prints this for `--version`.
is_there() {
    [ "$("$1" --version 2>/dev/null || true)" = "$2" ] && printf '%s is installed: %s\n' "$2" "$1"
}

# Built without optimization, because that is faster for a tool that runs for seconds.
cargo_deny() {
    local version=0.20.2
    is_there "$TOOLS/bin/cargo-deny" "cargo-deny $version" && return
    # Built in a temporary target folder: nothing of it stays, and nothing in our target folder is built again.
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    cargo install cargo-deny --version "$version" --locked --debug --force --root "$TOOLS" --target-dir "$build"
}

# A program in a Python package. It gets a folder of its own, because Debian's pip refuses to install into Python's folders.
typos() {
    local version=1.52.0 folder=$TOOLS/typos
    is_there "$folder/bin/typos" "typos-cli $version" && return
    if ! python3 -m pip --version >/dev/null 2>&1; then
        echo 'typos is not installed, and installing it needs python3 with pip (Debian: apt-get install python3-pip).' >&2
        return 1
    fi
    rm -rf "$folder"
    PIP_USER=0 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
        python3 -m pip install --quiet --no-deps --only-binary :all: --target "$folder" "typos==$version"
}

# The storage emulator, as an npm package. The stamp is written last, so that half an installation counts as none.
azurite() {
    local version=3.35.0 folder=$TOOLS/azurite
    if [ "$(cat "$folder/installed" 2>/dev/null || true)" = "$version" ]; then
        printf 'azurite %s is installed: %s\n' "$version" "$folder"
        return
    fi
    if ! node --version >/dev/null 2>&1 || ! npm --version >/dev/null 2>&1; then
        echo 'Azurite is not installed, and installing it needs Node 20 or newer with npm (Debian: apt-get install nodejs npm).' >&2
        return 1
    fi
    rm -rf "$folder"
    mkdir -p "$folder"
    npm install --prefix "$folder" --omit=dev --no-audit --no-fund --no-package-lock --loglevel=error "azurite@$version"
    echo "$version" >"$folder/installed"
}

for tool in "$@"; do
    case $tool in
        azurite) azurite ;;
        cargo-deny) cargo_deny ;;
        typos) typos ;;
        *) printf 'tools.sh: no tool is called %s.\n' "$tool" >&2 && exit 2 ;;
    esac
done
