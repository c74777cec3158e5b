"""Breaks a copy of the repository in one place at a time: the rule has to say so."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from rules import RULES
from templates import read_templates

ROOT = Path(__file__).resolve().parents[2]
APP = "infra/modules/function-app.bicep"
VAULT = "infra/modules/vault.bicep"


class Broken(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        for part in ("infra", "docs", "src"):
            shutil.copytree(ROOT / part, self.root / part)

    def broken(self):
        templates = read_templates(self.root)
        return [line for rule in RULES for line in rule(self.root, templates)]

    def replace(self, path, old, new):
        file = self.root / path
        text = file.read_text()
        self.assertIn(old, text)
        file.write_text(text.replace(old, new, 1))

    def breaks(self, path, old, new, expected):
        self.replace(path, old, new)
        found = self.broken()
        self.assertEqual(len([line for line in found if expected in line]), 1, found)

    def test_nothing_is_broken_as_it_is(self):
        self.assertEqual(self.broken(), [])

    def test_an_app_setting_without_documentation(self):
        self.breaks(APP, "  DATABASE: ", "  DATABASE_POOLS: '3'\n  DATABASE: ", "DATABASE_POOLS is neither")

    def test_a_setting_of_a_parameter_file_without_documentation(self):
        self.breaks("infra/prod.bicepparam", "SECUREAUTH_WORKERS: ", "SECUREAUTH_WORKER: ", "SECUREAUTH_WORKER is neither")

    def test_a_required_setting_is_missing(self):
        self.breaks(APP, "  SECOND_FACTOR_MECHANISMS: secondFactorMechanisms\n", "", "SECOND_FACTOR_MECHANISMS is required")

    def test_the_vault_is_missing(self):
        self.breaks(APP, "  KEY_VAULT_URL: vaultUrl\n", "", "KEY_VAULT_URL is required")

    def test_a_secret_as_app_setting(self):
        self.breaks(APP, "  DATABASE: ", "  SECUREAUTH_CLIENT_SECRET: 'x'\n  DATABASE: ", "is a secret and an app setting")

    def test_a_password_in_a_connection_string(self):
        self.breaks(VAULT, "Encrypt=True'", "Encrypt=True;Password=x'", "in plain text")

    def test_an_account_key(self):
        self.breaks("infra/modules/storage.bicep", "output name string = account.name", "output name string = account.listKeys().keys[0].value", "in plain text")

    def test_a_secret_of_the_vault_that_is_written_out(self):
        value = "'${database};Authentication=Active Directory Default'"
        self.breaks(VAULT, value, "'hunter2'", "is written out")

    def test_a_secret_of_the_vault_that_nobody_reads(self):
        self.breaks(VAULT, "'sqlserver-connection-string'", "'sql-connection'", "no setting reads")

    def test_a_secret_parameter_that_is_not_secure(self):
        self.breaks("infra/main.bicep", "param secondFactorMechanisms string", "param clientSecret string\nparam secondFactorMechanisms string", "is not @secure()")

    def test_a_secure_parameter_with_a_default(self):
        self.breaks("infra/main.bicep", "param secondFactorMechanisms string", "@secure()\nparam key string = 'x'\nparam secondFactorMechanisms string", "has a default")

    def test_a_secure_parameter_that_is_written_out(self):
        self.replace("infra/main.bicep", "param secondFactorMechanisms string", "@secure()\nparam key string\nparam secondFactorMechanisms string")
        self.breaks("infra/dev.bicepparam", "param alertMail", "param key = 'x'\nparam alertMail", "secure and written out")

    def test_a_module_without_one_of_its_parameters(self):
        self.breaks("infra/main.bicep", "    vaultUrl: vault.outputs.url\n", "", "parameter vaultUrl is unknown or missing")

    def test_an_output_that_a_module_does_not_have(self):
        self.breaks("infra/main.bicep", "vault.outputs.url\n    subnetId", "vault.outputs.uri\n    subnetId", "has no output uri")

    def test_a_query_for_a_line_that_the_handler_never_writes(self):
        self.breaks("infra/alerts/stuck.kql", 'line.message) == "the run is stuck', 'line.message) == "a run is stuck', "never writes")

    def test_a_log_that_the_alerts_cannot_read(self):
        self.breaks(APP, "  DATABASE: ", "  LOG_FORMAT: 'text'\n  DATABASE: ", "this LOG_FORMAT")
        self.breaks("infra/prod.bicepparam", "  SECUREAUTH_WORKERS: ", "  LOG_LEVEL: 'warn'\n  SECUREAUTH_WORKERS: ", "this LOG_LEVEL")

    def test_a_log_that_they_can_read(self):
        self.replace(APP, "  DATABASE: ", "  LOG_FORMAT: 'json'\n  LOG_LEVEL: 'info,biller_onboarding::store=debug'\n  DATABASE: ")
        self.assertEqual(self.broken(), [])

    def test_an_alert_without_a_section_in_the_runbook(self):
        self.breaks("docs/runbook.md", "\n## throttled\n", "\n## slow\n", "no section throttled")

    def test_a_query_that_no_template_loads(self):
        (self.root / "infra/alerts/new.kql").write_text("traces\n")
        self.assertEqual(len([line for line in self.broken() if "new.kql" in line]), 1)


if __name__ == "__main__":
    sys.exit(unittest.main())
