#!/bin/sh
# Prints the folder of a Python environment that holds the MLflow of mlflow-requirements.txt, building it the first time
# (two minutes, half a gigabyte). It lies outside the checkout, named by its requirements, so that every clone shares it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=${COUNTERSIGN_PYTHON:-python3}
requirements=$here/mlflow-requirements.txt
key=$({ "$python" --version; cat "$requirements"; } | sha256sum | cut -c1-16)
cache=${COUNTERSIGN_CACHE:-$HOME/.cache/countersign}
folder=$cache/mlflow-$key

mkdir -p "$cache"
# Two suites that start at once build it once; where there is no flock, the marker below still keeps half of one unused.
if command -v flock >/dev/null; then
  exec 9>"$folder.lock"
  flock 9
fi
if [ ! -f "$folder/complete" ]; then
  rm -rf "$folder"
  "$python" -m venv "$folder" >&2
  "$folder/bin/pip" install --disable-pip-version-check --quiet --no-deps --requirement "$requirements" >&2
  touch "$folder/complete"
fi
printf '%s\n' "$folder"
