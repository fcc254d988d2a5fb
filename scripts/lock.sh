#!/bin/sh
# Writes requirements-dev.lock: what pip chooses today for the package and its extra `dev`, in a
# clean environment. Pinned versions only: no index, no path, no hash.
set -eu
cd "$(dirname "$0")/.."
clean=$(mktemp -d)
trap 'rm -rf "$clean"' EXIT

.venv/bin/python -m venv "$clean/venv"
"$clean/venv/bin/pip" install -q '.[dev]'
{
    echo "# Versions that the tests run with. Made by \`make lock\`; the bounds are in pyproject.toml."
    "$clean/venv/bin/pip" freeze --exclude chatops |
        awk -F== '{ gsub(/[._]+/, "-", $1); print tolower($1) "==" $2 }' | sort
} >"$clean/lock"
cat "$clean/lock" >requirements-dev.lock
