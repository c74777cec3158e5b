#!/usr/bin/env bash
# `make package`: builds what is deployed, as target/package/biller-onboarding.zip with its sha256 and its SBOM. The same sources
# give the same bytes, whatever the folder they are in. OUT is the folder for the result.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TOOLS:?is set by the Makefile}" "${CARGO_TARGET_DIR:?is set by the Makefile}"
out=${OUT:-target/package}

scripts/tools.sh zigbuild
export PATH=$TOOLS/zigbuild/bin:$PATH PYTHONPATH=$TOOLS/zigbuild PYTHONDONTWRITEBYTECODE=1

# shellcheck source=scripts/sources.sh
. scripts/sources.sh
# No path of this machine is in the binary: neither of the sources, nor of Rust's and C's dependencies.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
paths=("$PWD=/src" "$CARGO_TARGET_DIR=/target" "$cargo_home=/cargo")
RUSTFLAGS="${paths[*]/#/--remap-path-prefix=}"
CFLAGS="${paths[*]/#/-ffile-prefix-map=}"
export RUSTFLAGS CFLAGS CXXFLAGS=$CFLAGS

# The oldest glibc that the hosts have had is 2.28. The default features are for machines of developers.
target=x86_64-unknown-linux-gnu
cargo zigbuild --release --locked --package biller-onboarding --bin biller-onboarding --no-default-features --target "$target.2.28"

binary=$CARGO_TARGET_DIR/$target/release/biller-onboarding
python3 scripts/package/pack.py "$binary" "$out"
python3 scripts/package/sbom.py "$target" >"$out/biller-onboarding.cdx.json"
(cd "$out" && sha256sum biller-onboarding.zip >biller-onboarding.zip.sha256)
ls -l "$out"
cat "$out/biller-onboarding.zip.sha256"
