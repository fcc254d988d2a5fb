#!/bin/sh
# setup.sh run|dev: the virtual environment .venv with ChatOps in it, for `dev` with the pinned
# tools of its tests too. Does nothing when all is as pyproject.toml and the lock file want it.
# Installs Debian's python3-venv where it is missing and may be installed.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
stamp=.venv/.chatops-$1

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

check_python() {
    command -v "$python" >/dev/null ||
        fail "there is no $python here" \
            "install Python 3.11 or newer (Debian: apt-get install python3)"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "ChatOps needs Python 3.11 or newer, and this is $("$python" --version 2>&1)" \
            "name another one: make PYTHON=python3.12"
}

# Waits for debian.sh, which may be at it too.
apt() {
    DEBIAN_FRONTEND=noninteractive flock /var/lib/dpkg apt-get -qq "$@" >/dev/null
}

# Debian's python3 comes without what makes virtual environments.
check_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "this Python cannot make a virtual environment" \
            "run as root: apt-get install python3-venv, then make again"
    echo "installing Debian's python3-venv" >&2
    apt update
    apt install -y python3-venv
    "$python" -c 'import ensurepip, venv' ||
        fail "$python cannot make a virtual environment" "name another one: make PYTHON=python3"
}

# Whether .venv can be used: not moved here from elsewhere, its Python not upgraded away.
usable() {
    grep -qsF "$(pwd -P)/.venv/bin/python" .venv/bin/pip && .venv/bin/python -c 'import pip' 2>/dev/null
}

make_venv() {
    check_python
    check_venv
    echo "making the virtual environment .venv" >&2
    rm -rf .venv
    "$python" -m venv .venv || {
        rm -rf .venv
        fail "the virtual environment could not be made" "see the lines above"
    }
}

up_to_date() {
    [ "$stamp" -nt pyproject.toml ] || return 1
    [ "$1" = run ] || [ "$stamp" -nt requirements-dev.lock ]
}

install() {
    echo "installing into .venv; this takes a minute" >&2
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
    if [ "$1" = dev ]; then
        .venv/bin/python -m pip install -q -r requirements-dev.lock
        .venv/bin/python -m pip install -q --no-deps -e .
        touch .venv/.chatops-run # whoever has the tools has the package
    else
        .venv/bin/python -m pip install -q -e .
    fi
    touch "$stamp"
}

usable || make_venv
up_to_date "$1" || install "$1"
