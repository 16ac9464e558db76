-- What Grafana and the like may read: the figures, by local intervals, under the terms of the
-- design. Rates are left as numerator and denominator: add up first, divide last.

-- Visits of queues. x: the other ways out (overflowed, key_exit, callback, voicemail, refused, system).
CREATE VIEW report_queue AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS queue,
       offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS x,
       overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned
           AS answer_rate_of,
       waits_answered, wait_answered_ms, max_answered AS wait_answered_max_ms, talks, talk_ms
FROM visit_cell WHERE scope = 'queue';

-- Service level of queues by `short_abandons_ignored`, at each threshold: met / of.
CREATE VIEW report_service_level AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS queue, at.key::bigint AS threshold_ms,
       (at.value ->> 0)::bigint AS met,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned AS of
FROM visit_cell, jsonb_each(thresholds) AS at WHERE scope = 'queue';

-- Transfers to units. answered / rate_of is the answer rate of the unit.
CREATE VIEW report_unit AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS unit, transfers,
       blind_answered + attended_answered AS answered, blind + attended AS rate_of,
       journeys, journeys_reached, voicemail, busy, rejected, no_answer_recalled, no_answer_dropped,
       caller_hung_up, unreachable, forwarded, rings, ring_ms
FROM leg_cell;

-- Periods in which a source was not heard.
CREATE VIEW report_gap AS
SELECT source, to_timestamp("from" / 1000.0) AS "from", to_timestamp("to" / 1000.0) AS "to", reason FROM gap;

-- The role that sees them and nothing else: GRANT servicegrad_read TO grafana. Where this account
-- may not make roles, somebody else has to, and to grant.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'servicegrad_read') THEN
        CREATE ROLE servicegrad_read NOLOGIN;
    END IF;
    GRANT SELECT ON report_queue, report_service_level, report_unit, report_gap TO servicegrad_read;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE NOTICE 'servicegrad_read was not made: %', SQLERRM;
END $$;
