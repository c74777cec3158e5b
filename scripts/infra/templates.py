"""Reads the Bicep files of infra/ and the tables of docs/SETTINGS.md."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pycep import BicepParser


@dataclass
class Template:
    """One .bicep or .bicepparam file."""

    path: str
    text: str
    tree: dict

    def section(self, name):
        return self.tree.get(name, {})


def read_templates(root: Path) -> dict[str, Template]:
    """All templates by their paths from the root."""
    found = {}
    for path in sorted([*root.glob("infra/**/*.bicep"), *root.glob("infra/*.bicepparam")]):
        name, text = str(path.relative_to(root)), path.read_text()
        found[name] = Template(name, text, parse(name, text))
    return found


@cache
def parse(name: str, text: str) -> dict:
    if name.endswith(".bicepparam"):
        # The parser does not know parameter files; but for their first line they read like variables.
        text = re.sub(r"^using .*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"^param ", "var ", text, flags=re.MULTILINE)
    return BicepParser().parse(text=text)


@dataclass
class Setting:
    """A row of a table of docs/SETTINGS.md."""

    name: str
    default: str
    is_secret: bool

    @property
    def is_required(self):
        return self.default == "required"


def read_settings(text: str) -> dict[str, Setting]:
    settings = {}
    for row in re.findall(r"^\| `(\w+)` \|(.*)\|$", text, flags=re.MULTILINE):
        cells = [cell.strip() for cell in row[1].split(" | ")]
        settings[row[0]] = Setting(row[0], cells[2].strip("`"), "(secret)" in cells[0])
    return settings


def call(value):
    """Name and arguments, if the value is a call of a function."""
    function = value.get("function") if isinstance(value, dict) else None
    return (function["type"], list(function["parameters"].values())) if function else (None, [])


def app_settings(templates: dict[str, Template]) -> list[tuple[str, object, str]]:
    """Name, value and file of each app setting of each function app."""
    found = []
    for template in templates.values():
        for resource in template.section("resources").values():
            if resource["type"] == "Microsoft.Web/sites":
                settings = resource["config"]["properties"]["siteConfig"]["appSettings"]
                found += resolve(settings, template, templates)
    return found


def resolve(value, template, templates):
    """Follows names, unions, loops and parameters down to the settings that are written out."""
    if isinstance(value, list):
        return [(entry["name"], entry["value"], template.path) for entry in value]
    if isinstance(value, dict) and "loop_type" in value:
        return resolve(value["loop_type"]["detail"]["array_name"], template, templates)
    name, arguments = call(value)
    if name in ("items", "union"):
        return [found for argument in arguments for found in resolve(argument, template, templates)]
    if isinstance(value, dict) and "function" not in value and "operator" not in value:
        return [(key.strip("'"), setting, template.path) for key, setting in value.items()]
    if value in template.section("variables"):
        return resolve(template.section("variables")[value]["value"], template, templates)
    if value in template.section("parameters"):
        return of_parameter(value, templates)
    raise ValueError(f"{template.path}: cannot follow the app settings beyond {value!r}")


def of_parameter(name, templates):
    found = []
    for template in templates.values():
        if template.path.endswith(".bicepparam") and name in template.section("variables"):
            found += resolve(template.section("variables")[name]["value"], template, templates)
        default = template.section("parameters").get(name, {}).get("default")
        if default:
            found += resolve(default, template, templates)
    return found
