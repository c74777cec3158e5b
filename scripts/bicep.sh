#!/usr/bin/env bash
# `make bicep`: compiles infra/ with Microsoft's compiler. Where it is not installed this says so and succeeds; with REQUIRED=1,
# as in CI, it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! bicep --version 2>/dev/null; then
    echo 'bicep: NOT COMPILED: the program bicep is not installed.' >&2
    [ "${REQUIRED:-0}" != 1 ]
    exit
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bicep build infra/main.bicep --outfile "$out/main.json"
# Parameter files read these variables.
export ALERT_MAIL=a@example.org SQL_ADMIN_GROUP_NAME=group SQL_ADMIN_GROUP_ID=00000000-0000-0000-0000-000000000000
export SQL_SERVER=sql.example.org SQL_DATABASE_NAME=crm SECOND_FACTOR_MECHANISMS=totp
for environment in dev prod; do
    bicep build-params "infra/$environment.bicepparam" --outfile "$out/$environment.json"
done
echo 'bicep: compiled'
