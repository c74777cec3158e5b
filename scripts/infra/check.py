"""Checks infra/ against docs/SETTINGS.md and prints the app settings. Exit code 1 if a rule is broken."""

import sys
from pathlib import Path

from rules import RULES, documented_names
from templates import app_settings, call, read_templates

ROOT = Path(__file__).resolve().parents[2]


def shown(value):
    name, arguments = call(value)
    return f"{name}({', '.join(map(shown, arguments))})" if name else str(value)


def table(root, templates):
    settings, _ = documented_names(root)
    rows = [("app setting", "value", "in", "documented in")]
    for name, value, path in sorted(app_settings(templates), key=lambda row: (row[2], row[0])):
        document = "docs/SETTINGS.md" if name in settings else "docs/deployment.md"
        rows.append((name, shown(value), path, document))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows)


def main():
    templates = read_templates(ROOT)
    broken = [(rule.__name__, line) for rule in RULES for line in rule(ROOT, templates)]
    print(table(ROOT, templates))
    for rule, line in broken:
        print(f"{rule}: {line}", file=sys.stderr)
    resources = sum(len(template.section("resources")) for template in templates.values())
    print(f"{len(templates)} templates, {resources} resources, {len(RULES)} rules, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
