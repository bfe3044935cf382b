#!/bin/sh
# Run once by the image of PostgreSQL, in an empty database: who works in the record, and the database of Prefect.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
     --set=password="$(cat /run/secrets/application_password)" <<'SQL'
CREATE ROLE yijianshi_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE yijianshi_prefect;
SQL
