#!/bin/sh
# Brings Temporal's two databases to the schema of this image. Run again, it changes only what is older.
set -eu
. "$(dirname "$0")/lib.sh"
read_database_password
export SQL_PASSWORD="$password"

sql_tool() {
  temporal-sql-tool --plugin postgres12 --ep postgresql -p 5432 -u temporal "$@"
}

bring_up() {
  until_it_works 60 sql_tool --db "$1" create
  # Leaves a schema that is newer as it is.
  sql_tool --db "$1" setup-schema -v 0.0
  sql_tool --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

bring_up temporal temporal
bring_up temporal_visibility visibility
