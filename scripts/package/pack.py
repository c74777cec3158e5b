"""pack.py BINARY FOLDER: writes FOLDER/biller-onboarding.zip, and its content into FOLDER/app. Order, times and modes are fixed."""

import os
import shutil
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "biller-onboarding"


def content(binary: Path) -> dict[str, Path]:
    """What is deployed, by its name in the package. Nothing else belongs into it."""
    functions = sorted(ROOT.glob("function-*/function.json"))
    files = {str(path.relative_to(ROOT)): path for path in functions}
    for name in ("host.json", "LICENSE"):
        files[name] = ROOT / name
    files[PROGRAM] = binary
    return dict(sorted(files.items()))


def write_zip(files: dict[str, Path], path: Path, epoch: int) -> None:
    # A zip knows no times before 1980, and only even seconds.
    stamp = time.gmtime(max(epoch, 315532800))[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for name, file in files.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            # Without the execute bit, some hosts cannot start the program.
            mode = 0o755 if name == PROGRAM else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            package.writestr(entry, file.read_bytes())


def main(binary: str, folder: str) -> None:
    files, out = content(Path(binary)), Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    write_zip(files, out / f"{PROGRAM}.zip", int(os.environ["SOURCE_DATE_EPOCH"]))
    shutil.rmtree(out / "app", ignore_errors=True)
    for name, file in files.items():
        target = out / "app" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
