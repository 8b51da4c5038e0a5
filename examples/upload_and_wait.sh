#!/bin/sh
# Upload one file with curl, wait until it is processed and analysed, print what was found. Needs curl and sed only.
#   examples/upload_and_wait.sh test_data/invoice.pdf
set -eu
url=${FILEMILL_URL:-http://localhost:8080}
file=${1:?usage: upload_and_wait.sh FILE}

# The first value of a top-level text field of a JSON answer. (With jq: jq -r ".$1")
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# The same key on a retry can make no second file, so --retry is safe.
key=$(date +%s)-$$
answer=$(curl --silent --show-error --fail-with-body --retry 3 --retry-connrefused \
    -H "Idempotency-Key: $key" -F "file=@$file" "$url/api/upload/files") || { echo "$answer" >&2; exit 1; }
file_id=$(echo "$answer" | sed -n 's/^{"file_id":"\([^"]*\)".*/\1/p')
echo "stored as $file_id"

tries=0
while :; do
    timeline=$(curl --silent --show-error "$url/api/metadata/files/$file_id/timeline" || true)
    status=$(echo "$timeline" | sed -n 's/^{"file_id":"[^"]*","status":"\([^"]*\)".*/\1/p')
    analysis=$(echo "$timeline" | sed -n 's/^{"file_id":"[^"]*","status":"[^"]*","analysis":"\([^"]*\)".*/\1/p')
    case $status/$analysis in
        processed/done | failed/done | processed/unavailable | failed/unavailable | processed/failed | failed/failed) break ;;
    esac
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "not done after five minutes: $(echo "$timeline" | field why)" >&2; exit 1; }
    sleep 1
done
echo "$status, analysis $analysis: $(echo "$timeline" | field why)"
echo "text:"
curl --silent "$url/api/metadata/files/$file_id/text" | head -n 5
[ "$status" = processed ]
