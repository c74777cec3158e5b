#!/usr/bin/env bash
# `make start`: the real Functions host on this machine, that is Core Tools (`func start`) with Azurite as its storage.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CARGO_TARGET_DIR:?is set by the Makefile}"

missing=0
need() {
    if ! command -v "$1" >/dev/null; then
        printf 'make start needs %s (%s).\n' "$1" "$2" >&2
        missing=1
    fi
}
need func 'Azure Functions Core Tools 4: npm install --global azure-functions-core-tools@4'
need azurite 'the storage emulator: npm install --global azurite'
if [ ! -f local.settings.json ]; then
    echo 'make start needs local.settings.json: copy local.settings.json.example and fill it in.' >&2
    missing=1
fi
if [ "$missing" -ne 0 ]; then
    echo 'make run and make serve need none of these: they use the stand-in host.' >&2
    exit 1
fi

scripts/stage.sh build cargo build --bin biller-onboarding

# Copies what is deployed into a folder of its own, because Core Tools watch the folder in which they are started.
app=$CARGO_TARGET_DIR/start
rm -rf "$app"
mkdir -p "$app"
cp -r host.json local.settings.json function-* "$CARGO_TARGET_DIR/debug/biller-onboarding" "$app"

# Starts Azurite on its usual ports, unless something listens on the port of the queues already.
if ! (exec 3<>/dev/tcp/127.0.0.1/10001) 2>/dev/null; then
    azurite --silent --location "$CARGO_TARGET_DIR/azurite" &
    trap 'kill %1' EXIT
fi
cd "$app"
func start
