#!/usr/bin/env bash
# Lock every set of dependencies: names, versions and hashes, no address of any registry. Use: scripts/lock.sh path/to/uv
set -euo pipefail
uv=${1:?usage: scripts/lock.sh path/to/uv}
common=(--quiet --universal --generate-hashes --python-version 3.11 --no-annotate --custom-compile-command "make lock")
"$uv" pip compile "${common[@]}" --extra local -o requirements/filemill.lock pyproject.toml
"$uv" pip compile "${common[@]}" --extra local --group dev -c requirements/filemill.lock -o requirements/dev.lock pyproject.toml
"$uv" pip compile "${common[@]}" --group pyproject.toml:build -c requirements/dev.lock -o requirements/build.lock
"$uv" pip compile "${common[@]}" -o requirements/tools.lock requirements/tools.in
"$uv" pip compile "${common[@]}" --extra ai-torch -c requirements/dev.lock -o requirements/ai-torch.lock pyproject.toml
