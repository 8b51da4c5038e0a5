#!/bin/sh
# Before NGINX starts in a container: which name server it asks, so that it finds containers that got another address, and
# how it reaches services. Docker, Podman and Kubernetes each write their name server into /etc/resolv.conf; NGINX does not
# read that file itself, nor does it put a search domain after a name. In Kubernetes one is needed: the first,
# `NAMESPACE.svc.…`. From 1.27.3 on NGINX can follow a name and keep connections, which it must to bound what it passes on.
# The official image runs what it finds in /docker-entrypoint.d/; elsewhere run it before `nginx`.
set -eu
known=${2:-/etc/resolv.conf}
servers=$(awk '$1 == "nameserver" && $2 !~ /%/ { printf "%s ", ($2 ~ /:/ ? "[" $2 "]" : $2) }' "$known")
domain=$(awk '$1 == "search" && $2 ~ /^[a-z0-9-]+\.svc\.[a-z0-9.-]+$/ { found = "." $2 } END { print found }' "$known")
version=$("${NGINX:-nginx}" -v 2>&1 | sed -n 's#.*nginx/\([0-9.]*\).*#\1#p')
kept=$(echo "$version" | awk -F. '{ print ($1 * 1000000 + $2 * 1000 + $3 >= 1027003) }')
services=by-name
if [ "$kept" = 1 ] && [ -z "$domain" ]; then services=kept; fi
{
    printf 'resolver %svalid=5s ipv6=off;\n' "${servers:-127.0.0.11 }"
    printf 'map $host $filemill_domain {\n    default "%s";\n}\n' "${domain%.}"
    printf 'include services-%s.conf;\n' "$services"
} > "${1:-/tmp/resolver.conf}"
