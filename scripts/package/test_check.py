"""Breaks a package, and what its program answers, in one place at a time: the check has to say so. No real program is needed."""

import contextlib
import io
import json
import shutil
import sys
import tempfile
import threading
import unittest
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from check import EXPECTED, answers, binary, build, content
from elf import glibc_floor
from pack import PROGRAM, content as files, write_zip


class Package(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "program").write_bytes(b"program")
        self.path = self.write("one.zip")

    def write(self, name, epoch=1_700_000_000):
        write_zip(files(self.folder / "program"), self.folder / name, epoch)
        return self.folder / name

    def faults(self):
        with zipfile.ZipFile(self.path) as package:
            return list(content(package))

    def test_the_same_files_give_the_same_bytes(self):
        self.assertEqual(self.path.read_bytes(), self.write("two.zip").read_bytes())
        self.assertNotEqual(self.path.read_bytes(), self.write("later.zip", 1_800_000_000).read_bytes())
        self.assertEqual(self.faults(), [])

    def test_a_file_too_many(self):
        with zipfile.ZipFile(self.path, "a") as package:
            package.writestr("local.settings.json", "{}")
        self.assertTrue(any("local.settings.json" in fault for fault in self.faults()))

    def test_a_program_that_nobody_may_execute(self):
        broken = self.folder / "broken.zip"
        with zipfile.ZipFile(self.path) as package, zipfile.ZipFile(broken, "w") as target:
            for entry in package.infolist():
                data = package.read(entry)
                entry.external_attr = 0o100644 << 16
                target.writestr(entry, data)
        shutil.move(broken, self.path)
        self.assertEqual(self.faults(), [f"{PROGRAM} has not the mode 755"])

    def test_the_glibc_that_a_program_needs(self):
        # Python itself runs on this machine's glibc.
        floor = glibc_floor(Path(sys.executable).resolve().read_bytes())
        self.assertEqual(floor[0], 2)
        with self.assertRaises(ValueError):
            glibc_floor(b"#!/bin/sh\n" * 100)

    def test_sqlite_and_paths_of_this_machine(self):
        data = Path(sys.executable).resolve().read_bytes()
        before = list(binary(data))
        after = list(binary(data + b"SQLite format 3\0" + str(Path(__file__).resolve().parents[2]).encode()))
        self.assertEqual(len(after), len(before) + 2)


class Answers(unittest.TestCase):
    """The check of the answers, against a server that answers as it is told."""

    def setUp(self):
        self.told = {}
        for method, path, status, members in EXPECTED:
            body = {}
            for name, value in (members | build()).items():
                outer, _, inner = name.partition(".")
                if inner:
                    body.setdefault(outer, {})[inner] = value
                else:
                    body[outer] = value
            self.told[method, path] = (status, body)
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body = told[self.command, self.path]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.port = server.server_port

    def faults(self):
        with contextlib.redirect_stdout(io.StringIO()):
            return list(answers(self.port))

    def test_the_expected_answers_pass(self):
        self.assertEqual(self.faults(), [])

    def test_a_program_that_is_ready_without_a_database(self):
        self.told["GET", "/api/health/ready"] = (200, {"ready": True, **build()})
        self.assertIn("GET /api/health/ready answers 200, not 503", self.faults())

    def test_another_version(self):
        self.told["GET", "/api/health"][1]["version"] = "0.0.0"
        self.assertEqual(self.faults(), [f"GET /api/health: version is not {build()['version']!r}"])


if __name__ == "__main__":
    sys.exit(unittest.main())
