#!/bin/bash
# Runs once, when the database is empty: the program's role is not a superuser, so that
# row-level security and triggers bind it.
set -euo pipefail
password=$(cat /run/secrets/app_password)
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-psqlrc --set=password="$password" <<'SQL'
CREATE ROLE app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE lantern OWNER app;
SQL
