#!/usr/bin/env bash
# Lock every set of dependencies: names, versions and hashes, no address of any registry. Use: scripts/lock.sh path/to/uv
set -euo pipefail
uv=${1:?usage: scripts/lock.sh path/to/uv}
common=(--quiet --universal --generate-hashes --python-version 3.11 --no-annotate --custom-compile-command "make lock")
"$uv" pip compile "${common[@]}" --extra local -o requirements/filemill.lock pyproject.toml
"$uv" pip compile "${common[@]}" --extra local --group dev -c requirements/filemill.lock -o requirements/dev.lock pyproject.toml
"$uv" pip compile "${common[@]}" --group pyproject.toml:build -c requirements/dev.lock -o requirements/build.lock
"$uv" pip compile "${common[@]}" -o requirements/tools.lock requirements/tools.in
"$uv" pip compile "${common[@]}" -o requirements/node.lock requirements/node.in
"$uv" pip compile "${common[@]}" --extra ai-torch -c requirements/dev.lock -o requirements/ai-torch.lock pyproject.toml
"$uv" pip compile "${common[@]}" --group pyproject.toml:grpc -o requirements/grpc.lock

# What each container image installs: its service's extra and the clients of the engines, at the versions of the whole.
image() { # image NAME EXTRA...
  local name=$1 extra extras=(); shift
  for extra in "$@"; do extras+=(--extra "$extra"); done
  "$uv" pip compile "${common[@]}" "${extras[@]}" -c requirements/filemill.lock -o "requirements/images/$name.lock" pyproject.toml
}
mkdir -p requirements/images
for service in access upload metadata ai notification; do image "$service" "$service" servers; done
image processing processing engines
image_torch() { # its versions are those of the environment with PyTorch
  "$uv" pip compile "${common[@]}" --extra ai-torch --extra servers -c requirements/filemill.lock -c requirements/ai-torch.lock \
    -o requirements/images/ai-torch.lock pyproject.toml
}
image_torch
image operator access upload metadata notification cli servers
