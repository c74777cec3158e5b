"""Sources scripts/sources.sh in folders of its own: what the package says about its sources."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "sources.sh"


class Sources(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_here(self, *command, **more):
        names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
        environment = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(self.folder.parent), **names, **more}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)

    def sources(self, **more):
        # As in package.sh: the first failure ends the script.
        return self.run_here("bash", "-euc", f'. "{SCRIPT}"; printenv BUILD_COMMIT SOURCE_DATE_EPOCH', **more)

    def commit(self):
        self.run_here("git", "init", "--quiet")
        (self.folder / "file").write_text("one")
        self.run_here("git", "add", "file")
        self.run_here("git", "commit", "--quiet", "--message", "one", GIT_COMMITTER_DATE="1700000000 +0000")
        return self.run_here("git", "rev-parse", "--short=12", "HEAD").stdout.strip()

    def test_the_commit_and_its_time(self):
        commit = self.commit()
        self.assertEqual(self.sources().stdout.split(), [commit, "1700000000"])

    def test_a_modified_file_and_a_new_one_are_told(self):
        commit = self.commit()
        (self.folder / "file").write_text("two")
        self.assertEqual(self.sources().stdout.split()[0], f"{commit}-dirty")
        (self.folder / "file").write_text("one")
        (self.folder / "new").write_text("new")
        self.assertEqual(self.sources().stdout.split()[0], f"{commit}-dirty")

    def test_without_git_the_caller_has_to_name_both(self):
        self.assertNotEqual(self.sources().returncode, 0)
        self.assertNotEqual(self.sources(SOURCE_DATE_EPOCH="1").returncode, 0)
        self.assertEqual(self.sources(SOURCE_DATE_EPOCH="1", BUILD_COMMIT="two").stdout.split(), ["two", "1"])


if __name__ == "__main__":
    sys.exit(unittest.main())
