#!/bin/sh
# Installs the Debian packages of tests/debian-packages.txt whose command is missing, when root.
# Otherwise it names them: the tests that need one fail and name it again.
set -eu
cd "$(dirname "$0")/.."

missing=
while read -r package command _; do
    case $package in '' | '#'*) continue ;; esac
    command -v "$command" >/dev/null || missing="$missing $package"
done <tests/debian-packages.txt
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "note: some tests will fail without these Debian packages; as root: apt-get install$missing" >&2
    exit 0
fi
echo "installing Debian packages for the tests:$missing" >&2
apt-get -qq update >/dev/null
# shellcheck disable=SC2086  # one argument a package is meant
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
