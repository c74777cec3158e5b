"""What has to be true of infra/. Each rule returns a line for everything that breaks it."""

import re
from pathlib import Path

from templates import app_settings, call, read_settings

# What only a secret has: parts of connection strings and of signed URLs, and functions that return keys.
SECRET = re.compile(r"\b(password|pwd|accountkey|sharedaccesskey|sharedaccesssignature)\s*=|[?&]sig=|\blist\w*keys\b", re.IGNORECASE)


def documented_names(root: Path):
    """The settings of the handler, and those that docs/deployment.md explains because they are the platform's."""
    settings = read_settings((root / "docs/SETTINGS.md").read_text())
    platform = re.findall(r"^\| `(\w+)` \|", (root / "docs/deployment.md").read_text(), flags=re.MULTILINE)
    return settings, set(platform)


def settings_are_documented(root, templates):
    settings, platform = documented_names(root)
    for name, _, path in app_settings(templates):
        if name not in settings and name not in platform:
            yield f"{path}: {name} is neither in docs/SETTINGS.md nor in docs/deployment.md"


def required_settings_are_there(root, templates):
    settings, _ = documented_names(root)
    there = {name for name, _, path in app_settings(templates) if path.endswith(".bicep")}
    required = {name for name, setting in settings.items() if setting.is_required}
    # Without the vault's URL, the secrets that come from the vault would be required.
    required.add("KEY_VAULT_URL")
    for name in sorted(required - there):
        yield f"{name} is required and no app setting"


def secrets_stand_in_the_vault_alone(root, templates):
    settings, _ = documented_names(root)
    for name, _, path in app_settings(templates):
        if name in settings and settings[name].is_secret:
            yield f"{path}: {name} is a secret and an app setting"
    for path, template in templates.items():
        for number, line in enumerate(template.text.splitlines(), 1):
            if SECRET.search(line):
                yield f"{path}:{number}: a key or password in plain text"
        yield from secure_parameters(path, template, templates)
        yield from vault_secrets(path, template, settings)


def secure_parameters(path, template, templates):
    for name, parameter in template.section("parameters").items():
        is_secure = any(decorator["type"] == "secure" for decorator in parameter["decorators"])
        if not is_secure and re.search(r"(secret|password|token|credential)s?$", name, re.IGNORECASE):
            yield f"{path}: parameter {name} is not @secure()"
        if is_secure and parameter["default"] is not None:
            yield f"{path}: parameter {name} is secure and has a default"
        for file, values in templates.items():
            value = values.section("variables").get(name) if file.endswith(".bicepparam") else None
            if is_secure and value and call(value["value"])[0] is None:
                yield f"{file}: {name} is secure and written out"


def vault_secrets(path, template, settings):
    names = {setting.default for name, setting in settings.items() if name.startswith("KEY_VAULT_")}
    known = {*template.section("parameters"), *template.section("variables")}
    for resource in template.section("resources").values():
        if resource["type"] == "Microsoft.KeyVault/vaults/secrets":
            value = resource["config"]["properties"]["value"]
            if isinstance(value, str) and "${" not in value and value not in known:
                yield f"{path}: the value of a vault's secret is written out"
            # Operators have secrets of their own where they log in otherwise than the handler.
            if resource["config"]["name"].removesuffix("-operators") not in names:
                yield f"{path}: no setting reads the vault's secret {resource['config']['name']}"


def modules_fit(root, templates):
    """The part of the compiler's work that names can tell: parameters and outputs of modules."""
    for path, template in templates.items():
        folder = Path(path).parent
        for name, module in template.section("modules").items():
            target = templates.get(str(folder / module["detail"]["path"]))
            if target is None:
                yield f"{path}: module {name} has no file"
                continue
            config = module["config"].get("config", module["config"])
            given, declared = set(config["params"]), target.section("parameters")
            needed = {parameter for parameter, of in declared.items() if of["default"] is None}
            for parameter in sorted((given - set(declared)) | (needed - given)):
                yield f"{path}: module {name}: parameter {parameter} is unknown or missing"
            for output in re.findall(rf"\b{name}!?\.outputs\.(\w+)", template.text):
                if output not in target.section("outputs"):
                    yield f"{path}: module {name} has no output {output}"


def alerts_can_read_the_log(root, templates):
    """The queries parse JSON and look for lines of the level info. A level of single modules may follow."""
    for name, value, path in app_settings(templates):
        text = value.strip("'") if isinstance(value, str) else ""
        if name == "LOG_FORMAT" and text != "json" or name == "LOG_LEVEL" and not re.fullmatch(r"info(,[\w:]+=(info|debug|trace))*", text):
            yield f"{path}: with this {name} the alerts cannot read the log"


def alerts_are_complete(root, templates):
    loaded = set()
    for path, template in templates.items():
        for file in re.findall(r"loadTextContent\('([^']+)'\)", template.text):
            loaded.add((root / path).parent.joinpath(file).resolve())
    queries = {query.resolve() for query in root.glob("infra/alerts/*.kql")}
    for query in sorted(loaded ^ queries):
        yield f"{query.name}: loaded and absent, or there and not loaded"
    runbook = (root / "docs/runbook.md").read_text()
    sources = "".join(path.read_text() for path in root.glob("src/**/*.rs"))
    for query in sorted(queries & loaded):
        if f"\n## {query.stem}\n" not in runbook:
            yield f"docs/runbook.md: no section {query.stem}"
        for text in re.findall(r'(?:line\.message\)|\btext) (?:==|startswith) "([^"]+)"', query.read_text()):
            if f'"{text}' not in sources:
                yield f"{query.name}: the handler never writes {text!r}"


RULES = (
    settings_are_documented,
    required_settings_are_there,
    secrets_stand_in_the_vault_alone,
    modules_fit,
    alerts_can_read_the_log,
    alerts_are_complete,
)
