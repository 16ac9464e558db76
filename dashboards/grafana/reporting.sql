-- Views for Grafana and other readers of the store on PostgreSQL, and a role that sees nothing else.
-- Run once, as the owner of the tables, after Servicegrad has made them:
--   psql -d servicegrad -v ON_ERROR_STOP=1 -f dashboards/grafana/reporting.sql
--   psql -d servicegrad -c "ALTER ROLE servicegrad_reader PASSWORD '...'"
-- Counts only: no call, no caller, no attendant. Every share has its numerator and denominator.
CREATE SCHEMA IF NOT EXISTS reporting;

CREATE OR REPLACE VIEW reporting.calls AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS queue, offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS other_exits,
       lost, unknown, open, outside_hours, derived, inconsistent, late,
       wait_answered_ms / 1000.0 AS wait_answered_s, waits_answered, talk_ms / 1000.0 AS talk_s, talks
FROM visit_cell
WHERE scope = 'queue';

-- The six definitions, letters as in the reports: met of eligible.
CREATE OR REPLACE VIEW reporting.service_level AS
SELECT cell.tier, to_timestamp(cell.start / 1000.0) AS start, cell.name AS queue,
       (threshold.key::bigint / 1000.0)::float8 AS threshold_s,
       definition.id AS definition, definition.met, definition.eligible,
       cell.offered, cell.answered, cell.abandoned
FROM visit_cell AS cell
CROSS JOIN LATERAL jsonb_each(cell.thresholds) AS threshold
CROSS JOIN LATERAL (
    SELECT (threshold.value ->> 0)::bigint AS within, (threshold.value ->> 1)::bigint AS abandoned_within,
           cell.answered + cell.abandoned + cell.overflowed + cell.key_exit + cell.callback + cell.voicemail
               + cell.refused + cell.system AS finished
) AS at
CROSS JOIN LATERAL (VALUES
    ('of_answered', at.within, cell.answered),
    ('of_answered_and_abandoned', at.within, cell.answered + cell.abandoned),
    ('of_offered', at.within, at.finished),
    ('short_abandons_ignored', at.within, at.finished - cell.short_abandoned),
    ('abandons_within_ignored', at.within, at.finished - at.abandoned_within),
    ('abandons_within_met', at.within + at.abandoned_within, at.finished)
) AS definition (id, met, eligible)
WHERE cell.scope = 'queue';

CREATE OR REPLACE VIEW reporting.unit_answers AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS unit,
       answered + answered_elsewhere + answered_external AS answered,
       transfers - open - short - withdrawn - unknown AS eligible, transfers
FROM leg_cell;

CREATE OR REPLACE VIEW reporting.gaps AS
SELECT source, to_timestamp("from" / 1000.0) AS started, to_timestamp("to" / 1000.0) AS ended,
       ("to" - "from") / 1000.0 AS seconds, reason
FROM gap;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'servicegrad_reader') THEN
        CREATE ROLE servicegrad_reader LOGIN;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA reporting TO servicegrad_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO servicegrad_reader;
ALTER ROLE servicegrad_reader SET default_transaction_read_only = on;
ALTER ROLE servicegrad_reader SET statement_timeout = '30s';
