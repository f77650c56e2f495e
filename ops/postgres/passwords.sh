#!/bin/sh
# Gives the portal's roles their passwords, when compose's PostgreSQL starts with an empty volume. Runs after roles.sql.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner OWNER_PASSWORD
\getenv web WEB_PASSWORD
\getenv worker WORKER_PASSWORD
SET log_statement = 'none';
ALTER ROLE portal_owner PASSWORD :'owner';
ALTER ROLE portal_web PASSWORD :'web';
ALTER ROLE portal_worker PASSWORD :'worker';
SQL
