#!/bin/sh
# Builds wheel and sdist into dist/, with the web console in both.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

[ -f web/dist/index.html ] || fail "the web console is not built, and a release has it" "make web"
scripts/web.sh current || fail "the web console is older than its source" "make web"
rm -rf dist
.venv/bin/python -m hatchling build -d dist
.venv/bin/python -c 'import sys, zipfile
sys.exit(sys.argv[2] not in zipfile.ZipFile(sys.argv[1]).namelist())' \
    dist/*.whl chatops/server/console/index.html ||
    fail "the wheel lacks the web console" "see hatch_build.py"
