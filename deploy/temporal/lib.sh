# Sourced by the scripts beside it.

# Temporal's programs take the password from the environment alone, so it is put there inside the container, where
# neither the compose file nor `docker inspect` shows it.
read_database_password() {
  password=$(cat /run/secrets/database-password)
  if [ -z "$password" ]; then
    echo 'the secret database-password is empty: run deploy/make-secrets.sh' >&2
    exit 1
  fi
}

# until_it_works SECONDS COMMAND...: the last failure is shown, and ends the script.
until_it_works() {
  left=$1
  said=$(mktemp)
  shift
  until "$@" >"$said" 2>&1; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
      cat "$said" >&2
      echo "gave up on: $*" >&2
      exit 1
    fi
    sleep 1
  done
}
