#!/bin/bash
# Run once, when the database is made: the role that may read the views for reports, and Grafana's user.
set -euo pipefail
psql --variable=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --variable=password="$(</secrets/grafana_reader)" <<'SQL'
CREATE ROLE servicegrad_read NOLOGIN;
CREATE ROLE grafana LOGIN PASSWORD :'password' IN ROLE servicegrad_read;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
SQL
