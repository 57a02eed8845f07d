#!/bin/sh
# Gives each service's role the password of its file, each time the stack starts: to change one,
# change the file and start again. Reads PGHOST, PGUSER, PGDATABASE and SECRETS.
set -eu
PGPASSWORD=$(cat "$SECRETS/postgres_password")
export PGPASSWORD
for role in scraper gateway assigner notifier scheduler; do
  password=$(cat "$SECRETS/${role}_password")
  # An empty one would be no password: refuse it here, not at the service's door.
  [ -n "$password" ] || { echo "${role}_password is empty" >&2; exit 1; }
  export password
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set="role=$role" <<'SQL'
\getenv password password
set log_statement = 'none';
set log_min_error_statement = 'panic';
alter role :"role" password :'password';
SQL
done
