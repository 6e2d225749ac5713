#!/bin/sh
# Makes every secret docker-compose.yml asks for, once. Never overwrites one.
set -eu
umask 077
mkdir -p secrets
random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
once() { [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"; }
once secret_key "$(random)$(random)"
once field_keys "k1:$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
once postgres_password "$(random)"
once app_password "$(random)"
once redis_password "$(random)"
once turn_secret "$(random)"
once database_url "postgres://app:$(cat secrets/app_password)@db:5432/lantern"
once redis_url "redis://:$(cat secrets/redis_password)@redis:6379/0"
# The containers read the files as users of their own; on this machine nobody passes the folder.
touch secrets/email_url
chmod 0644 secrets/*
chmod 0700 secrets
[ -s secrets/email_url ] || echo "Now write secrets/email_url, for example smtp+tls://user:password@mail.example:587"
