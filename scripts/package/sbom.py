"""sbom.py TARGET: prints a CycloneDX 1.5 SBOM of the crates that are linked into the package's program or run while it is built.

`cargo tree` says which crates these are, for this target and without default features; `cargo metadata` describes them. The list
has no time and no random number, so that the same sources give the same SBOM.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "biller-onboarding"


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments, "--locked"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def edges(target: str) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Each crate's dependencies, crates as (name, version)."""
    tree = cargo(
        "tree", "--package", PACKAGE, "--no-default-features", "--target", target,
        "--edges", "normal,build", "--prefix", "depth", "--format", " {p}", "--no-dedupe",
    )
    found, above = {}, []
    for line in filter(None, tree.splitlines()):
        depth, name, version = line.split()[:3]
        crate = (name, version.removeprefix("v"))
        del above[int(depth):]
        found.setdefault(crate, set())
        if above:
            found[above[-1]].add(crate)
        above.append(crate)
    return found


def checksums() -> dict[tuple[str, str], str]:
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def reference(crate):
    return f"pkg:cargo/{crate[0]}@{crate[1]}"


def component(crate, described, checksum):
    entry = {"type": "library", "bom-ref": reference(crate), "name": crate[0], "version": crate[1], "purl": reference(crate)}
    if licence := described.get("license"):
        # Some crates still write the old form of OR.
        entry["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return entry


def main(target: str) -> None:
    dependencies = edges(target)
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    described = {(package["name"], package["version"]): package for package in packages}
    sums = checksums()
    entries = [component(crate, described[crate], sums[crate]) for crate in sorted(dependencies)]
    own = next(entry for entry in entries if entry["name"] == PACKAGE)
    entries.remove(own)
    own["type"] = "application"
    graph = [
        {"ref": reference(crate), "dependsOn": sorted(map(reference, needed))}
        for crate, needed in sorted(dependencies.items())
    ]
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": {"component": own}}
    json.dump(bom | {"components": entries, "dependencies": graph}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
