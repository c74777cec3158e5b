"""Runs scripts/migrate.sh as azd does, with a program that only writes down how it was started."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = '#!/bin/sh\necho "$@" >>"$CALLS"\nenv >>"$CALLS"\nexit "${CODE:-0}"\n'


class Migrate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.calls = Path(folder.name) / "calls"
        self.package = Path(folder.name) / "biller-onboarding.zip"
        with zipfile.ZipFile(self.package, "w") as package:
            package.writestr("biller-onboarding", PROGRAM)

    def migrate(self, **more):
        outputs = re.findall(r"^output (\w+) ", (ROOT / "infra/main.bicep").read_text(), flags=re.MULTILINE)
        environment = {name: f"<{name}>" for name in outputs}
        environment |= {"PATH": os.environ["PATH"], "PACKAGE": str(self.package), "CALLS": str(self.calls), **more}
        return subprocess.run([ROOT / "scripts/migrate.sh"], env=environment, capture_output=True, text=True)

    def test_the_program_migrates_and_gets_no_setting_of_the_vault(self):
        done = self.migrate(KEY_VAULT_URL="https://vault.example.org")
        self.assertEqual(done.returncode, 0, done.stderr)
        call = self.calls.read_text().splitlines()
        self.assertEqual(call[0], "db migrate")
        self.assertEqual([line for line in call if line.startswith("KEY_VAULT_")], [])
        self.assertTrue(any(line.startswith("SQLSERVER_CONNECTION_STRING=Server=tcp:<SQL_HOST>,1433;Database=<SQL_DATABASE>;") for line in call))

    def test_a_migration_that_fails_ends_the_deployment(self):
        self.assertEqual(self.migrate(CODE="1").returncode, 1)

    def test_the_schema_can_be_left_to_the_dba(self):
        done = self.migrate(MIGRATION="dba", SQL_HOST="")
        self.assertEqual((done.returncode, self.calls.exists()), (0, False), done.stderr)
        self.assertIn("DBA", done.stdout)

    def test_another_word_for_who_migrates_is_refused(self):
        self.assertEqual((self.migrate(MIGRATION="DBA").returncode, self.calls.exists()), (2, False))


if __name__ == "__main__":
    sys.exit(unittest.main())
