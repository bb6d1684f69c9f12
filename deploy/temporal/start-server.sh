#!/bin/sh
# Starts Temporal's server with the database password from its secret.
set -eu
. "$(dirname "$0")/lib.sh"
read_database_password
export POSTGRES_PWD="$password"
# The server tells its parts one address; on several networks the name has several.
TEMPORAL_BROADCAST_ADDRESS=$(getent hosts "$(hostname)" | awk 'NR == 1 { print $1 }')
export TEMPORAL_BROADCAST_ADDRESS
exec /etc/temporal/entrypoint.sh
