-- What the dashboards ask beyond the first views: how good the figures are, and every definition.

-- As before, with the counts that say how good the figures are at the end.
CREATE OR REPLACE VIEW report_queue AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS queue,
       offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS x,
       overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned
           AS answer_rate_of,
       waits_answered, wait_answered_ms, max_answered AS wait_answered_max_ms, talks, talk_ms,
       derived, inconsistent, late
FROM told_visit_cell WHERE scope = 'queue';

-- Service level of queues by each of the six definitions, letters as in the reports: met / of.
CREATE VIEW report_definition AS
SELECT cell.tier, to_timestamp(cell.start / 1000.0) AS start, cell.name AS queue,
       threshold.key::bigint AS threshold_ms, definition.id AS definition, definition.met, definition.of,
       cell.offered, cell.answered, cell.abandoned
FROM told_visit_cell AS cell
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
) AS definition (id, met, of)
WHERE cell.scope = 'queue';

-- Where the role could not be made, somebody else has to grant this as well.
DO $$
BEGIN
    GRANT SELECT ON report_definition TO servicegrad_read;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
    RAISE NOTICE 'servicegrad_read was not granted report_definition: %', SQLERRM;
END $$;
