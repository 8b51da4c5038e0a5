#!/usr/bin/env bash
# An NGINX newer than this Debian's, for the tests of what only that one can: `.tools/nginx/nginx`.
# From Debian testing, through the mirror that this machine's apt uses, with the libraries it was built for and their loader.
# Nothing is installed; without apt or a mirror it says so and ends with 1.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/.tools/nginx
[ -x "$root/nginx" ] && "$root/nginx" -v && exit 0
mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Origin: Debian' | awk '$2 !~ /security/ { print $1; exit }')
[ -n "$mirror" ] || { echo "error: apt on this machine knows no mirror of Debian" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial} "$root"
: > "$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror testing main" > "$work/sources.list"
apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists"
     -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" install --download-only --no-install-recommends -y nginx > /dev/null
for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
loader=$(find "$root" -name 'ld-linux-*.so.*' | head -1)
libraries=$(dirname "$(find "$root" -name 'libssl.so.*' | head -1)")
printf '#!/bin/sh\nexec %q --library-path %q %q "$@"\n' "$loader" "$libraries" "$root/usr/sbin/nginx" > "$root/nginx"
chmod +x "$root/nginx"
"$root/nginx" -v
