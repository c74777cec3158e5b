#!/usr/bin/env bash
# `make package-check`: builds the package here and from a copy of the sources in another folder, and compares them byte for byte.
# Then it checks the content, the glibc that the program needs, and that the stand-in host serves the package. Where
# TEST_SQL_SERVER is set, the packaged program onboards a biller of 100,000 users on that server.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TOOLS:?is set by the Makefile}" "${CARGO_TARGET_DIR:?is set by the Makefile}"
export PYTHONDONTWRITEBYTECODE=1
# Here, because the copy is no git repository.
# shellcheck source=scripts/sources.sh
. scripts/sources.sh

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from - | tar --extract --directory "$copy"

scripts/stage.sh package scripts/package.sh
scripts/stage.sh 'package again' env OUT="$copy/package" CARGO_TARGET_DIR="$copy/target" "$copy/scripts/package.sh"
for file in biller-onboarding.zip biller-onboarding.cdx.json; do
    cmp "target/package/$file" "$copy/package/$file"
done
echo 'Both builds are equal.'
scripts/stage.sh host cargo build --locked --package functions-host --bins
scripts/stage.sh check python3 scripts/package/check.py target/package "$CARGO_TARGET_DIR/debug/functions-host"
if [ -z "${TEST_SQL_SERVER:-}" ]; then
    echo 'Not checked: that the package serves a biller. It holds no SQLite, and TEST_SQL_SERVER is not set.'
    exit
fi
python3 -m zipfile -e target/package/biller-onboarding.zip "$copy/unpacked"
# Python's unzip leaves the mode out.
chmod +x "$copy/unpacked/biller-onboarding"
PACKAGED_PROGRAM=$copy/unpacked/biller-onboarding scripts/stage.sh 'onboard a biller' \
    cargo test --locked --test integration sql_server_traffic -- --nocapture
