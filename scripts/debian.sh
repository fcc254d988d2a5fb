#!/bin/sh
# debian.sh FOLDER: installs the Debian packages of FOLDER/debian-packages.txt whose command is
# missing, when root. Otherwise it names them: what needs one fails and names it again.
set -eu
cd "$(dirname "$0")/.."

# Waits for setup.sh, which may be at it too.
apt() {
    DEBIAN_FRONTEND=noninteractive flock /var/lib/dpkg apt-get -qq "$@" >/dev/null
}

PATH=$PATH:/usr/local/sbin:/usr/sbin # some commands are not for everybody
missing=
while read -r package command _; do
    case $package in '' | '#'*) continue ;; esac
    command -v "$command" >/dev/null || missing="$missing $package"
done <"$1/debian-packages.txt"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "note: the $1 need these Debian packages; as root: apt-get install$missing" >&2
    exit 0
fi
echo "installing Debian packages for the $1:$missing" >&2
apt update
# shellcheck disable=SC2086  # one argument a package is meant
apt install -y --no-install-recommends $missing
