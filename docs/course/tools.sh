# Small helpers of the course; read them first, there are nine. Needs curl. Use: . docs/course/tools.sh
: "${FILEMILL_URL:=http://localhost:8080}"
export FILEMILL_URL

# The first value of a text field in JSON on standard input.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
# Make a file with these words; prints its path. No two are alike.
note() { local path; path=$(mktemp -t note-XXXXXX.txt); echo "$* ($path)" > "$path"; echo "$path"; }
# Upload a file; prints its id. Further words go to curl.
send() { local path=$1; shift; curl -sS -F "file=@$path" "$@" "$FILEMILL_URL/api/upload/files" | field file_id; }
# Only the HTTP status of a call.
code() { curl -sS -o /dev/null -w '%{http_code}\n' "$@"; }
# The status of a file, as metadata knows it.
status() { curl -sS "$FILEMILL_URL/api/metadata/files/$1" | field status; }
# until_says WORD COMMAND…: look again until the word is in what the command prints.
until_says() { local wanted=$1; shift; until "$@" | grep -q -- "$wanted"; do sleep 0.3; done; echo "says $wanted"; }
# A service's own metrics that begin with a name. They are not behind the gateway.
metric() { curl -sS "http://localhost:$(port "$1")/metrics" | grep "^$2"; }
# Where a service listens.
port() {
  case $1 in
    upload) echo "${FILEMILL_UPLOAD_PORT:-8000}" ;; metadata) echo "${FILEMILL_METADATA_PORT:-8001}" ;;
    ai) echo "${FILEMILL_AI_PORT:-8002}" ;; processing) echo "${FILEMILL_PROCESSING_PORT:-8003}" ;;
    notification) echo "${FILEMILL_NOTIFICATION_PORT:-8004}" ;;
  esac
}
# The process id of a part of the mill (upload, processing-worker…).
pid_of() { grep -A3 "\"$1\": {" "${FILEMILL_DATA_DIR:-data}/run/pids.json" | grep '"pid"' | grep -o '[0-9][0-9]*'; }
