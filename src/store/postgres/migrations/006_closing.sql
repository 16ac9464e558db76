-- Months whose figures were signed: every revision stays as it was. month and ends are the first
-- instants of the month and of the next one; terms says by which rules each queue was counted and
-- judged (JSON).
CREATE TABLE month_revision (
    month    bigint NOT NULL,
    revision bigint NOT NULL,
    ends     bigint NOT NULL,
    at       bigint NOT NULL,
    who      text NOT NULL,
    why      text NOT NULL,
    terms    jsonb NOT NULL,
    PRIMARY KEY (month, revision)
);

-- The rollups of such a month as they were signed; columns as in visit_cell and leg_cell.
CREATE TABLE signed_visit_cell (
    month    bigint NOT NULL,
    revision bigint NOT NULL,
    scope        text COLLATE "C" NOT NULL,
    tier         text COLLATE "C" NOT NULL,
    start        bigint NOT NULL,
    name         text COLLATE "C" NOT NULL,
    thresholds   jsonb NOT NULL,
    waits        bytea NOT NULL,
    max_answered bigint,
    max_all      bigint,
    offered bigint NOT NULL,
    answered bigint NOT NULL,
    abandoned bigint NOT NULL,
    short_abandoned bigint NOT NULL,
    overflowed bigint NOT NULL,
    key_exit bigint NOT NULL,
    callback bigint NOT NULL,
    voicemail bigint NOT NULL,
    refused bigint NOT NULL,
    system bigint NOT NULL,
    lost bigint NOT NULL,
    unknown bigint NOT NULL,
    open bigint NOT NULL,
    outside_hours bigint NOT NULL,
    answered_outside_hours bigint NOT NULL,
    derived bigint NOT NULL,
    inconsistent bigint NOT NULL,
    late bigint NOT NULL,
    coarse bigint NOT NULL,
    waits_answered bigint NOT NULL,
    wait_answered_ms bigint NOT NULL,
    waits_abandoned bigint NOT NULL,
    wait_abandoned_ms bigint NOT NULL,
    waits_all bigint NOT NULL,
    wait_all_ms bigint NOT NULL,
    talks bigint NOT NULL,
    talk_ms bigint NOT NULL,
    PRIMARY KEY (month, revision, scope, tier, start, name)
);
CREATE TABLE signed_leg_cell (
    month    bigint NOT NULL,
    revision bigint NOT NULL,
    tier  text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    name  text COLLATE "C" NOT NULL,
    transfers bigint NOT NULL,
    open bigint NOT NULL,
    short bigint NOT NULL,
    not_completed bigint NOT NULL,
    blind bigint NOT NULL,
    blind_answered bigint NOT NULL,
    attended bigint NOT NULL,
    attended_answered bigint NOT NULL,
    journeys bigint NOT NULL,
    journeys_reached bigint NOT NULL,
    rings bigint NOT NULL,
    ring_ms bigint NOT NULL,
    apart bigint NOT NULL,
    answered bigint NOT NULL,
    answered_elsewhere bigint NOT NULL,
    answered_external bigint NOT NULL,
    voicemail bigint NOT NULL,
    announcement bigint NOT NULL,
    busy bigint NOT NULL,
    rejected bigint NOT NULL,
    no_answer_recalled bigint NOT NULL,
    no_answer_dropped bigint NOT NULL,
    caller_hung_up bigint NOT NULL,
    unreachable bigint NOT NULL,
    forwarded bigint NOT NULL,
    withdrawn bigint NOT NULL,
    unknown bigint NOT NULL,
    PRIMARY KEY (month, revision, tier, start, name)
);

-- What is told: the living rollups, and of closed months those that were signed last.
CREATE VIEW told_visit_cell AS
SELECT scope, tier, start, name, thresholds, waits, max_answered, max_all, offered, answered, abandoned,
       short_abandoned, overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours, derived, inconsistent, late, coarse, waits_answered,
       wait_answered_ms, waits_abandoned, wait_abandoned_ms, waits_all, wait_all_ms, talks, talk_ms
FROM visit_cell AS living
WHERE NOT EXISTS (SELECT 1 FROM month_revision AS m WHERE m.month <= living.start AND living.start < m.ends)
UNION ALL
SELECT scope, tier, start, name, thresholds, waits, max_answered, max_all, offered, answered, abandoned,
       short_abandoned, overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours, derived, inconsistent, late, coarse, waits_answered,
       wait_answered_ms, waits_abandoned, wait_abandoned_ms, waits_all, wait_all_ms, talks, talk_ms
FROM signed_visit_cell AS signed
WHERE signed.revision = (SELECT max(m.revision) FROM month_revision AS m WHERE m.month = signed.month);
CREATE VIEW told_leg_cell AS
SELECT tier, start, name, transfers, open, short, not_completed, blind, blind_answered, attended,
       attended_answered, journeys, journeys_reached, rings, ring_ms, apart, answered, answered_elsewhere,
       answered_external, voicemail, announcement, busy, rejected, no_answer_recalled, no_answer_dropped,
       caller_hung_up, unreachable, forwarded, withdrawn, unknown
FROM leg_cell AS living
WHERE NOT EXISTS (SELECT 1 FROM month_revision AS m WHERE m.month <= living.start AND living.start < m.ends)
UNION ALL
SELECT tier, start, name, transfers, open, short, not_completed, blind, blind_answered, attended,
       attended_answered, journeys, journeys_reached, rings, ring_ms, apart, answered, answered_elsewhere,
       answered_external, voicemail, announcement, busy, rejected, no_answer_recalled, no_answer_dropped,
       caller_hung_up, unreachable, forwarded, withdrawn, unknown
FROM signed_leg_cell AS signed
WHERE signed.revision = (SELECT max(m.revision) FROM month_revision AS m WHERE m.month = signed.month);

CREATE OR REPLACE VIEW report_queue AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS queue,
       offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS x,
       overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned
           AS answer_rate_of,
       waits_answered, wait_answered_ms, max_answered AS wait_answered_max_ms, talks, talk_ms
FROM told_visit_cell WHERE scope = 'queue';

CREATE OR REPLACE VIEW report_service_level AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS queue, at.key::bigint AS threshold_ms,
       (at.value ->> 0)::bigint AS met,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned AS of
FROM told_visit_cell, jsonb_each(thresholds) AS at WHERE scope = 'queue';

CREATE OR REPLACE VIEW report_unit AS
SELECT tier, to_timestamp(start / 1000.0) AS start, name AS unit, transfers,
       blind_answered + attended_answered AS answered, blind + attended AS rate_of,
       journeys, journeys_reached, voicemail, busy, rejected, no_answer_recalled, no_answer_dropped,
       caller_hung_up, unreachable, forwarded, rings, ring_ms
FROM told_leg_cell;
