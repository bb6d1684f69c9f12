#!/bin/sh
# Installs OpenSSF's Python `model_signing` into a private environment, once, and prints that environment's folder.
# pyOpenSSL stands beside it in the list because the package imports it without declaring it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
list="$here/model-signing.txt"
hash=$(sha256sum "$list" | cut -c1-12)
cache="${COUNTERSIGN_CACHE:-$HOME/.cache/countersign}"
place="$cache/model-signing-$hash"
mkdir -p "$cache"
exec 9>"$place.lock"
# Two suites may ask at once: the second waits and finds it done.
flock 9
if [ ! -f "$place/.ready" ]; then
  rm -rf "$place"
  python3 -m venv "$place" >&2
  "$place/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2
  "$place/bin/python" -c 'import model_signing' >&2
  touch "$place/.ready"
fi
echo "$place"
