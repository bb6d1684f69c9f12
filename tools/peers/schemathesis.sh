#!/bin/sh
# Installs schemathesis, which attacks an API by the API's own OpenAPI document, into a private environment outside the
# checkout, once for each content of schemathesis.txt, and prints that environment's folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
list="$here/schemathesis.txt"
hash=$(sha256sum "$list" | cut -c1-12)
cache="${COUNTERSIGN_CACHE:-$HOME/.cache/countersign}"
place="$cache/schemathesis-$hash"
mkdir -p "$cache"
exec 9>"$place.lock"
# Two suites may ask at once: the second waits and finds it done.
flock 9
if [ ! -f "$place/.ready" ]; then
  rm -rf "$place"
  python3 -m venv "$place" >&2
  "$place/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2
  "$place/bin/schemathesis" --version >&2
  touch "$place/.ready"
fi
echo "$place"
