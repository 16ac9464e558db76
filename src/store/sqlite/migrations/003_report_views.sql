-- The figures by local intervals, under the terms of the design, for whoever opens the file.

-- Visits of queues. x: the other ways out (overflowed, key_exit, callback, voicemail, refused, system).
CREATE VIEW report_queue AS
SELECT tier, datetime(start / 1000, 'unixepoch') AS start, name AS queue,
       offered, answered, abandoned, short_abandoned,
       overflowed + key_exit + callback + voicemail + refused + system AS x,
       overflowed, key_exit, callback, voicemail, refused, system, lost, unknown, open,
       outside_hours, answered_outside_hours,
       answered + abandoned + overflowed + key_exit + callback + voicemail + refused + system - short_abandoned
           AS answer_rate_of,
       waits_answered, wait_answered_ms, max_answered AS wait_answered_max_ms, talks, talk_ms
FROM visit_cell WHERE scope = 'queue';

-- Transfers to units. answered / rate_of is the answer rate of the unit.
CREATE VIEW report_unit AS
SELECT tier, datetime(start / 1000, 'unixepoch') AS start, name AS unit, transfers,
       blind_answered + attended_answered AS answered, blind + attended AS rate_of,
       journeys, journeys_reached, voicemail, busy, rejected, no_answer_recalled, no_answer_dropped,
       caller_hung_up, unreachable, forwarded, rings, ring_ms
FROM leg_cell;
