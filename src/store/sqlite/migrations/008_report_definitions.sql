-- As before, with the counts that say how good the figures are at the end.
DROP VIEW report_queue;
CREATE VIEW report_queue AS
SELECT tier, datetime(start / 1000, 'unixepoch') AS start, name AS queue,
       offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS x,
       overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned
           AS answer_rate_of,
       waits_answered, wait_answered_ms, max_answered AS wait_answered_max_ms, talks, talk_ms,
       derived, inconsistent, late
FROM told_visit_cell WHERE scope = 'queue';
