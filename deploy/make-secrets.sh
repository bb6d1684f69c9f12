#!/bin/sh
# Makes the secrets of `docker compose up`, once: what stands already is never written over.
#
#     deploy/make-secrets.sh [FOLDER]        deploy/secrets where no folder is named
#
# It needs Node, or Docker to run Node in. Keep a copy of the folder with your backups: whatever was signed refers to it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if command -v node >/dev/null 2>&1; then
  node "$here/make-secrets.js" "$folder"
else
  docker run --rm --network none --user "$(id -u):$(id -g)" \
    --volume "$here:/deploy:ro" --volume "$folder:/secrets" \
    node:20.20.2-bookworm-slim node /deploy/make-secrets.js /secrets
fi

# A secret of compose is the file itself, with the owner that it has here.
owner=$(id -u)
group=$(id -g)
if [ "$owner" = 0 ]; then
  chown -R 1000:1000 "$folder"
elif [ "$owner" != 1000 ] || [ "$group" != 1000 ]; then
  echo "Your user is $owner:$group, so tell compose whom the secrets belong to, each time or in .env:"
  echo "  COUNTERSIGN_UID=$owner COUNTERSIGN_GID=$group docker compose up --build --detach --wait"
fi
