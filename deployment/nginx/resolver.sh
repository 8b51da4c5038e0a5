#!/bin/sh
# Before NGINX starts in a container: which name server it asks, so that it finds containers that got another address.
# Docker, Podman and Kubernetes each write theirs into /etc/resolv.conf; NGINX does not read that file itself.
# The official image runs what it finds in /docker-entrypoint.d/; elsewhere run it before `nginx`.
set -eu
servers=$(awk '$1 == "nameserver" && $2 !~ /%/ { printf "%s ", ($2 ~ /:/ ? "[" $2 "]" : $2) }' /etc/resolv.conf)
printf 'resolver %svalid=5s ipv6=off;\n' "${servers:-127.0.0.11 }" > "${1:-/tmp/resolver.conf}"
