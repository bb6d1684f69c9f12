#!/bin/sh
# Makes the Python environment that remakes examples/, once for each content of
# examples-requirements.txt, and prints its path. It lies outside the checkout.
# PYTHON chooses the interpreter (3.11 or later).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
requirements="$here/examples-requirements.txt"
python=${PYTHON:-python3}
version=$("$python" -c 'import sys; print(sys.version.split()[0])')
hash=$( (echo "$version"; cat "$requirements") | sha256sum | cut -c1-16)
cache=${COUNTERSIGN_CACHE:-$HOME/.cache/countersign}
venv="$cache/examples-$hash"
mkdir -p "$cache"
# A lock, so that two that ask at once do not install into the same folder.
exec 9>"$cache/examples-$hash.lock"
flock 9
if [ ! -e "$venv/.complete" ]; then
  echo "installing the examples' Python packages into $venv" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
  touch "$venv/.complete"
fi
echo "$venv"
