#!/bin/sh
# Run by the image of PostgreSQL when its volume is empty: a database and a role for each service, with passwords of their own.
set -eu
password_in() { sed -n 's|^[^:]*://[^:]*:\([^@]*\)@.*|\1|p' "$1"; }
run() { psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U postgres -d postgres "$@"; }

run -v password="$(cat /run/secrets/postgres_password)" -f /filemill/databases.sql
for service in access upload metadata ai processing notification; do
  run -v role="filemill_$service" -v password="$(password_in "/run/secrets/database_url_$service")" <<'SQL'
ALTER ROLE :"role" PASSWORD :'password';
SQL
done

# Nobody comes in by the name that only finds the others.
run -c "ALTER ROLE filemill NOLOGIN"
