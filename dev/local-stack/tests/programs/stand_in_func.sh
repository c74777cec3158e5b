#!/bin/sh
# Stand-in for `func` of Core Tools, which the tests put first on PATH. It refuses what the real one refuses, and then runs the
# stand-in host, whose program replaces @HOST@. Like the real one it reads local.settings.json, and the environment wins.

fail() {
    echo "$1" >&2
    exit 1
}

# setting NAME: its value; local.settings.json has one setting a line.
setting() {
    value=$(printenv "$1") || value=$(sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" local.settings.json 2>/dev/null)
    printf '%s' "$value"
}

if [ "$1" = --version ]; then
    echo 4.0.7030
    exit
fi
[ "$1" = start ] && [ "$2" = --port ] || fail "Unknown arguments: $*"
[ "$(printenv FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT)" = 1 ] || fail 'The test does not allow telemetry.'
[ -f host.json ] || fail 'Unable to find project root. Expecting to find one of host.json, local.settings.json in project root.'
[ -n "$(setting FUNCTIONS_WORKER_RUNTIME)" ] || fail "Worker runtime cannot be 'None'. Please set a valid runtime."
[ "$(setting FUNCTIONS_WORKER_RUNTIME)" = custom ] || fail 'The worker of this runtime cannot run the app.'
[ -n "$(setting AzureWebJobsStorage)" ] || fail 'Missing value for AzureWebJobsStorage in local.settings.json.'
grep -q customHandler host.json || fail 'No custom handler section is provided in host.json.'
ls ./*/function.json >/dev/null 2>&1 || fail 'No job functions found.'
exec '@HOST@' --app-root . --port "$3"
