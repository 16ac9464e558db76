-- The store on PostgreSQL. Times are milliseconds since 1970 in UTC, spans are milliseconds, names
-- are those of the configuration, outcomes are spelt as in the design. Columns stand as in the
-- embedded store, so that one can be copied into the other row by row. Names are ordered by their
-- bytes in both.

-- How far each source has been read, and its counters.
CREATE TABLE source (
    name  text COLLATE "C" PRIMARY KEY,
    state jsonb NOT NULL
);

-- The events of each call in compact form, with what was last said of it: what makes repetition
-- harmless and lets an event of any age correct its figures.
CREATE TABLE call (
    source  text COLLATE "C" NOT NULL,
    call    text COLLATE "C" NOT NULL,
    newest  bigint NOT NULL,
    is_over boolean NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (source, call)
);
CREATE INDEX call_open ON call (source, call) WHERE NOT is_over;

-- Facts, in a partition for each month (UTC) of offering or starting; partitions are made when the
-- first fact of a month comes, and what no sane month holds goes to the last one. That moment stands in the keys, as partitioning wants it: a fact
-- whose moment is corrected is taken out under the old key.

-- One row a visit of a measured queue; outcome is null while the caller waits.
CREATE TABLE visit (
    source        text COLLATE "C" NOT NULL,
    call          text COLLATE "C" NOT NULL,
    queue         text COLLATE "C" NOT NULL,
    number        bigint NOT NULL,
    offered       bigint NOT NULL,
    outcome       text,
    decided       bigint,
    wait_ms       bigint,
    talk_ms       bigint,
    over          boolean NOT NULL,
    outside_hours boolean NOT NULL,
    derived       boolean NOT NULL,
    inconsistent  boolean NOT NULL,
    late          boolean NOT NULL,
    coarse        boolean NOT NULL,
    PRIMARY KEY (source, call, queue, number, offered)
) PARTITION BY RANGE (offered);
CREATE INDEX visit_offered ON visit (queue, offered);

-- One row a transfer leg; queue is null when no attendant of a measured queue sent it.
CREATE TABLE leg (
    source        text COLLATE "C" NOT NULL,
    call          text COLLATE "C" NOT NULL,
    number        bigint NOT NULL,
    queue         text COLLATE "C",
    kind          text COLLATE "C" NOT NULL,
    target        text NOT NULL,
    unit          text COLLATE "C" NOT NULL,
    organisation  text NOT NULL,
    started       bigint NOT NULL,
    outcome       text,
    ring_ms       bigint,
    short         boolean NOT NULL,
    not_completed boolean NOT NULL,
    PRIMARY KEY (source, call, number, started)
) PARTITION BY RANGE (started);
CREATE INDEX leg_started ON leg (unit, started);

-- One row a call that visited a measured queue: answered if answered in any.
CREATE TABLE journey (
    source        text COLLATE "C" NOT NULL,
    call          text COLLATE "C" NOT NULL,
    queue         text COLLATE "C" NOT NULL,
    offered       bigint NOT NULL,
    outcome       text,
    decided       bigint,
    wait_ms       bigint,
    outside_hours boolean NOT NULL,
    PRIMARY KEY (source, call, offered)
) PARTITION BY RANGE (offered);
CREATE INDEX journey_offered ON journey (queue, offered);

-- One row a caller and unit: whether somebody there was reached.
CREATE TABLE unit_journey (
    source  text COLLATE "C" NOT NULL,
    call    text COLLATE "C" NOT NULL,
    unit    text COLLATE "C" NOT NULL,
    started bigint NOT NULL,
    reached boolean NOT NULL,
    PRIMARY KEY (source, call, unit, started)
) PARTITION BY RANGE (started);

CREATE TABLE visit_other PARTITION OF visit DEFAULT;
CREATE TABLE leg_other PARTITION OF leg DEFAULT;
CREATE TABLE journey_other PARTITION OF journey DEFAULT;
CREATE TABLE unit_journey_other PARTITION OF unit_journey DEFAULT;

-- Rollups of visits (scope queue) and of whole calls by their first queue (scope calls), per
-- quarter-hour, local day and month of offering. thresholds: {"ms": [within, abandoned_within,
-- on_threshold]}; waits is an HdrHistogram V2 of the answered.
CREATE TABLE visit_cell (
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
    PRIMARY KEY (scope, tier, start, name)
);

-- Rollups of transfer legs per unit, by start.
CREATE TABLE leg_cell (
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
    PRIMARY KEY (tier, start, name)
);

-- Counters that only grow, for Prometheus.
CREATE TABLE total (
    kind  text COLLATE "C" NOT NULL,
    name  text COLLATE "C" NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (kind, name)
);

-- What could not be used.
CREATE TABLE dead_letter (
    id       bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    source   text COLLATE "C" NOT NULL,
    position text NOT NULL,
    reason   text NOT NULL,
    excerpt  text NOT NULL,
    detail   text NOT NULL,
    at       bigint NOT NULL,
    received bigint NOT NULL
);
-- Digests, since a key has at most some 2 700 bytes.
CREATE UNIQUE INDEX dead_letter_once ON dead_letter (source, reason, md5(position), md5(excerpt));
CREATE INDEX dead_letter_at ON dead_letter (at);

-- Periods in which a source was not heard.
CREATE TABLE gap (
    source text COLLATE "C" NOT NULL,
    "from" bigint NOT NULL,
    "to"   bigint NOT NULL,
    reason text,
    PRIMARY KEY (source, "from", "to")
);
