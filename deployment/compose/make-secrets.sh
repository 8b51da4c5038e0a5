#!/bin/sh
# Make the secrets of one installation: deployment/compose/make-secrets.sh FOLDER
# Then start with FILEMILL_SECRETS_DIR=FOLDER. A folder that is there already stays as it is; keep a copy of it elsewhere.
#   make-secrets.sh --sample FOLDER   the ones everybody knows, for trials on one machine (deployment/compose/sample-secrets)
set -eu

sample=no
if [ "${1:-}" = --sample ]; then sample=yes; shift; fi
folder=${1:?usage: make-secrets.sh [--sample] FOLDER}
if [ -e "$folder" ]; then echo "$folder is there already; nothing was changed"; exit 0; fi
made=$folder.new.$$  # all of it or nothing: a password stands in two files
umask 022
mkdir -p "$made"
trap 'rm -rf "$made"' EXIT
# Containers read each file as users of their own, so the files are open; the folder is not.
[ $sample = yes ] || chmod 700 "$made"

random() { # random NAME: 64 hexadecimal digits; a sample says so in every form
  if [ $sample = yes ]; then printf '%s' "sample-secret-of-$1"; else od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; fi
}
write() { # write FILE TEXT
  printf '%s\n' "$2" > "$made/$1"
  chmod 444 "$made/$1"
}

write postgres_password "$(random postgres)"
for service in access upload metadata ai processing notification; do
  write "database_url_$service" "postgresql://filemill_$service:$(random "$service")@postgres:5432/filemill_$service"
done

password=$(random rabbitmq)
write rabbitmq_url "amqp://filemill:$password@rabbitmq:5672/filemill"
write rabbitmq.conf "default_user = filemill
default_pass = $password
default_vhost = filemill
vm_memory_high_watermark.relative = 0.6
disk_free_limit.absolute = 200MB"

password=$(random valkey)
write redis_url "redis://:$password@valkey:6379/0"
write valkey.conf "requirepass $password
dir /data
appendonly yes
maxmemory 256mb
maxmemory-policy noeviction"

secret=$(random store)
write aws_access_key_id filemill
write aws_secret_access_key "$secret"
write s3.json '{"identities": [{"name": "filemill", "credentials": [{"accessKey": "filemill", "secretKey": "'"$secret"'"}],
"actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}'

write signing_keys "$(random signing-links-and-tokens)"
if [ $sample = yes ]; then  # "sample-secret-…" in hexadecimal: this one must be 32 bytes
  write identity_keys 73616d706c652d7365637265742d73616d706c652d7365637265742d73616d70
else
  write identity_keys "$(random identity)"
fi

mv "$made" "$folder"
echo "the secrets are in $folder"
