"""check.py FOLDER HOST: checks the package in FOLDER, and starts it under the stand-in HOST (a program). Exit code 1 if it fails."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from elf import glibc_floor
from pack import PROGRAM
from pack import content as deployed

ROOT = Path(__file__).resolve().parents[2]
FLOOR = (2, 28)
# Nothing listens on port 1, so the database cannot be reached. All other settings are complete.
SETTINGS = {
    "DATABASE": "sqlserver",
    "SQLSERVER_CONNECTION_STRING": "Server=tcp:127.0.0.1,1;Database=crm;User ID=none;Password=none",
    "DATABASE_CONNECT_TIMEOUT": "1s",
    "SECOND_FACTOR_MECHANISMS": "totp",
    "SECUREAUTH_TENANT_ID": "tenant",
    "SECUREAUTH_PAYLOAD_SCHEMA_ID": "schema",
    "SECUREAUTH_CLIENT_ID": "client",
    "SECUREAUTH_CLIENT_SECRET": "secret",
}


def content(package: zipfile.ZipFile):
    """Only what is deployed, in order, with one time and the right modes."""
    expected = list(deployed(Path(PROGRAM)))
    names = package.namelist()
    if names != expected:
        yield f"the zip holds {names}, not {expected}"
    if len({entry.date_time for entry in package.infolist()}) != 1:
        yield "the entries have different times"
    for entry in package.infolist():
        mode = 0o755 if entry.filename == PROGRAM else 0o644
        if (entry.external_attr >> 16) & 0o7777 != mode:
            yield f"{entry.filename} has not the mode {mode:o}"


def binary(data: bytes):
    """The glibc that it needs, and no path of this machine."""
    floor = glibc_floor(data)
    if floor > FLOOR:
        yield f"needs glibc {'.'.join(map(str, floor))}"
    for path in {str(ROOT), os.environ.get("CARGO_TARGET_DIR", str(ROOT)), os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))}:
        if path.encode() in data:
            yield f"the path {path} is in the program"
    if b"SQLite format 3" in data:
        yield "SQLite is in the program"


def sums(folder: Path):
    line = (folder / f"{PROGRAM}.zip.sha256").read_text().split()
    if line != [hashlib.sha256((folder / f"{PROGRAM}.zip").read_bytes()).hexdigest(), f"{PROGRAM}.zip"]:
        yield "the sha256 is another file's"
    bom = json.loads((folder / f"{PROGRAM}.cdx.json").read_text())
    if bom["bomFormat"] != "CycloneDX" or len(bom["components"]) < 50:
        yield "the SBOM is not complete"


def answer(port: int, method: str, path: str):
    """Status and body."""
    event = {"source": "crm-toggle", "ciamEnabled": True, "requestedBy": "package-check"}
    data = json.dumps(event).encode() if method == "POST" else None
    headers = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


# What the program answers without a database: method, path, status, and members of the body.
EXPECTED = (
    ("GET", "/api/health", 200, {"alive": True}),
    ("GET", "/api/health/ready", 503, {"ready": False, "checks.settings": "ok", "checks.database": "failed"}),
    ("GET", "/api/billers/1001/ciam", 503, {"code": "database_unavailable"}),
    ("POST", "/api/billers/1001/ciam", 503, {"code": "database_unavailable"}),
)


def build() -> dict[str, str]:
    """What the program says of itself: Cargo's version, and the commit that package_check.sh built."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    commit = os.environ.get("BUILD_COMMIT")
    return {"version": version, **({"commit": commit} if commit else {})}


def answers(port: int):
    for method, path, expected, members in EXPECTED:
        status, body = answer(port, method, path)
        print(f"  {method} {path}: {status} {body[:160]}")
        if status != expected:
            yield f"{method} {path} answers {status}, not {expected}"
        if path.startswith("/api/health"):
            members = members | build()
        for name, value in members.items():
            if member(body, name) != value:
                yield f"{method} {path}: {name} is not {value!r}"


def member(body: str, name: str):
    """A member of a JSON object, or None."""
    try:
        found = json.loads(body)
        for part in name.split("."):
            found = found[part]
        return found
    except (ValueError, KeyError, TypeError):
        return None


def served(package: zipfile.ZipFile, host: str):
    """The package as the host unpacks it."""
    with tempfile.TemporaryDirectory() as folder:
        for entry in package.infolist():
            path = Path(package.extract(entry, folder))
            path.chmod((entry.external_attr >> 16) & 0o7777)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {"PATH": os.environ["PATH"], "HOME": folder, **SETTINGS}
        with open(Path(folder) / "host.log", "wb") as log:
            process = subprocess.Popen(
                [host, "--app-root", folder, "--port", str(port)], env=environment, stdout=log, stderr=log
            )
        try:
            wait_for(port)
            yield from answers(port)
        except (OSError, TimeoutError) as error:
            yield f"the host does not serve the package: {error}\n{(Path(folder) / 'host.log').read_text()[-2000:]}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def wait_for(port: int):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("nothing listens after 30 s")


def main(folder: str, host: str) -> int:
    out = Path(folder)
    path = out / f"{PROGRAM}.zip"
    with zipfile.ZipFile(path) as package:
        data = package.read(PROGRAM)
        print(f"{path.name}: {path.stat().st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
        print(f"{PROGRAM}: {len(data)} bytes, needs glibc {'.'.join(map(str, glibc_floor(data)))}")
        faults = [*content(package), *binary(data), *sums(out), *served(package, host)]
    for fault in faults:
        print(f"package-check: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
