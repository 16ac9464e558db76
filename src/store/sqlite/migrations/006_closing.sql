-- Months whose figures were signed: every revision stays as it was. month and ends are the first
-- instants of the month and of the next one; terms says by which rules each queue was counted and
-- judged (JSON).
CREATE TABLE month_revision (
    month    INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    ends     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    terms    TEXT NOT NULL,
    PRIMARY KEY (month, revision)
) WITHOUT ROWID;

-- The rollups of such a month as they were signed; columns as in visit_cell and leg_cell.
CREATE TABLE signed_visit_cell (
    month    INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    scope        TEXT NOT NULL,
    tier         TEXT NOT NULL,
    start        INTEGER NOT NULL,
    name         TEXT NOT NULL,
    thresholds   TEXT NOT NULL,
    waits        BLOB NOT NULL,
    max_answered INTEGER,
    max_all      INTEGER,
    offered INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    short_abandoned INTEGER NOT NULL,
    overflowed INTEGER NOT NULL,
    key_exit INTEGER NOT NULL,
    callback INTEGER NOT NULL,
    voicemail INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    system INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    open INTEGER NOT NULL,
    outside_hours INTEGER NOT NULL,
    answered_outside_hours INTEGER NOT NULL,
    derived INTEGER NOT NULL,
    inconsistent INTEGER NOT NULL,
    late INTEGER NOT NULL,
    coarse INTEGER NOT NULL,
    waits_answered INTEGER NOT NULL,
    wait_answered_ms INTEGER NOT NULL,
    waits_abandoned INTEGER NOT NULL,
    wait_abandoned_ms INTEGER NOT NULL,
    waits_all INTEGER NOT NULL,
    wait_all_ms INTEGER NOT NULL,
    talks INTEGER NOT NULL,
    talk_ms INTEGER NOT NULL,
    PRIMARY KEY (month, revision, scope, tier, start, name)
) WITHOUT ROWID;
CREATE TABLE signed_leg_cell (
    month    INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    tier  TEXT NOT NULL,
    start INTEGER NOT NULL,
    name  TEXT NOT NULL,
    transfers INTEGER NOT NULL,
    open INTEGER NOT NULL,
    short INTEGER NOT NULL,
    not_completed INTEGER NOT NULL,
    blind INTEGER NOT NULL,
    blind_answered INTEGER NOT NULL,
    attended INTEGER NOT NULL,
    attended_answered INTEGER NOT NULL,
    journeys INTEGER NOT NULL,
    journeys_reached INTEGER NOT NULL,
    rings INTEGER NOT NULL,
    ring_ms INTEGER NOT NULL,
    apart INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    answered_elsewhere INTEGER NOT NULL,
    answered_external INTEGER NOT NULL,
    voicemail INTEGER NOT NULL,
    announcement INTEGER NOT NULL,
    busy INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    no_answer_recalled INTEGER NOT NULL,
    no_answer_dropped INTEGER NOT NULL,
    caller_hung_up INTEGER NOT NULL,
    unreachable INTEGER NOT NULL,
    forwarded INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    PRIMARY KEY (month, revision, tier, start, name)
) WITHOUT ROWID;

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

DROP VIEW report_queue;
CREATE VIEW report_queue AS
SELECT tier, datetime(start / 1000, 'unixepoch') AS start, name AS queue,
       offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS x,
       overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned
           AS answer_rate_of,
       waits_answered, wait_answered_ms, max_answered AS wait_answered_max_ms, talks, talk_ms
FROM told_visit_cell WHERE scope = 'queue';

DROP VIEW report_unit;
CREATE VIEW report_unit AS
SELECT tier, datetime(start / 1000, 'unixepoch') AS start, name AS unit, transfers,
       blind_answered + attended_answered AS answered, blind + attended AS rate_of,
       journeys, journeys_reached, voicemail, busy, rejected, no_answer_recalled, no_answer_dropped,
       caller_hung_up, unreachable, forwarded, rings, ring_ms
FROM told_leg_cell;
