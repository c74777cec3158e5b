#!/usr/bin/env bash
# Brings the database's schema to the version of the package, with the package's own program. azd runs this before it deploys.
# SQL_HOST and SQL_DATABASE are outputs of infra/main.bicep; the log-in is that of the Azure CLI. With MIGRATION=dba nothing is
# done, because a DBA runs the numbered scripts.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${MIGRATION:-} in
    '') ;;
    dba)
        echo 'migrate: the schema is left to the DBA (MIGRATION=dba): infra/sql/sql_server/ of this release has the scripts.'
        exit
        ;;
    *)
        echo 'migrate: MIGRATION is dba, or not set.' >&2
        exit 2
        ;;
esac
: "${SQL_HOST:?is an output of infra/main.bicep}" "${SQL_DATABASE:?is an output of infra/main.bicep}"

package=${PACKAGE:-target/package/biller-onboarding.zip}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m zipfile -e "$package" "$folder"
# Python's unzip leaves the mode out.
chmod +x "$folder/biller-onboarding"
export DATABASE=sqlserver
export SQLSERVER_CONNECTION_STRING="Server=tcp:$SQL_HOST,1433;Database=$SQL_DATABASE;Encrypt=True;Authentication=Active Directory Default"
# azd hands its whole environment on. Beside a connection string the vault's URL is an error of the settings.
env -u KEY_VAULT_URL "$folder/biller-onboarding" db migrate
