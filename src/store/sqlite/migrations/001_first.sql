-- The embedded store. Times are milliseconds since 1970 in UTC, spans are milliseconds, names are
-- those of the configuration, outcomes are spelt as in the design.

-- How far each source has been read, and its counters (JSON).
CREATE TABLE source (
    name  TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID;

-- The events of each call in compact form, with what was last said of it: what makes repetition
-- harmless and lets an event of any age correct its figures.
CREATE TABLE call (
    source  TEXT NOT NULL,
    call    TEXT NOT NULL,
    newest  INTEGER NOT NULL,
    is_over INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (source, call)
) WITHOUT ROWID;
CREATE INDEX call_open ON call (source, call) WHERE is_over = 0;

-- Facts. One row a visit of a measured queue; outcome is null while the caller waits.
CREATE TABLE visit (
    source        TEXT NOT NULL,
    call          TEXT NOT NULL,
    queue         TEXT NOT NULL,
    number        INTEGER NOT NULL,
    offered       INTEGER NOT NULL,
    outcome       TEXT,
    decided       INTEGER,
    wait_ms       INTEGER,
    talk_ms       INTEGER,
    over          INTEGER NOT NULL,
    outside_hours INTEGER NOT NULL,
    derived       INTEGER NOT NULL,
    inconsistent  INTEGER NOT NULL,
    late          INTEGER NOT NULL,
    coarse        INTEGER NOT NULL,
    PRIMARY KEY (source, call, queue, number)
) WITHOUT ROWID;
CREATE INDEX visit_offered ON visit (queue, offered);

-- One row a transfer leg; queue is null when no attendant of a measured queue sent it.
CREATE TABLE leg (
    source        TEXT NOT NULL,
    call          TEXT NOT NULL,
    number        INTEGER NOT NULL,
    queue         TEXT,
    kind          TEXT NOT NULL,
    target        TEXT NOT NULL,
    unit          TEXT NOT NULL,
    organisation  TEXT NOT NULL,
    started       INTEGER NOT NULL,
    outcome       TEXT,
    ring_ms       INTEGER,
    short         INTEGER NOT NULL,
    not_completed INTEGER NOT NULL,
    PRIMARY KEY (source, call, number)
) WITHOUT ROWID;
CREATE INDEX leg_started ON leg (unit, started);

-- One row a call that visited a measured queue: answered if answered in any.
CREATE TABLE journey (
    source        TEXT NOT NULL,
    call          TEXT NOT NULL,
    queue         TEXT NOT NULL,
    offered       INTEGER NOT NULL,
    outcome       TEXT,
    decided       INTEGER,
    wait_ms       INTEGER,
    outside_hours INTEGER NOT NULL,
    PRIMARY KEY (source, call)
) WITHOUT ROWID;

-- One row a caller and unit: whether somebody there was reached.
CREATE TABLE unit_journey (
    source  TEXT NOT NULL,
    call    TEXT NOT NULL,
    unit    TEXT NOT NULL,
    started INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    PRIMARY KEY (source, call, unit)
) WITHOUT ROWID;

-- Rollups of visits (scope queue) and of whole calls by their first queue (scope calls), per
-- quarter-hour, local day and month of offering. thresholds is JSON: {"ms": [within, abandoned_within,
-- on_threshold]}; waits is an HdrHistogram V2 of the answered.
CREATE TABLE visit_cell (
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
    PRIMARY KEY (scope, tier, start, name)
) WITHOUT ROWID;

-- Rollups of transfer legs per unit, by start.
CREATE TABLE leg_cell (
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
    PRIMARY KEY (tier, start, name)
) WITHOUT ROWID;

-- Counters that only grow (JSON), for Prometheus.
CREATE TABLE total (
    kind  TEXT NOT NULL,
    name  TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- What could not be used.
CREATE TABLE dead_letter (
    id       INTEGER PRIMARY KEY,
    source   TEXT NOT NULL,
    position TEXT NOT NULL,
    reason   TEXT NOT NULL,
    excerpt  TEXT NOT NULL,
    detail   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    received INTEGER NOT NULL,
    UNIQUE (source, position, reason, excerpt)
);
CREATE INDEX dead_letter_at ON dead_letter (at);

-- Periods in which a source was not heard.
CREATE TABLE gap (
    source TEXT NOT NULL,
    "from" INTEGER NOT NULL,
    "to"   INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (source, "from", "to")
) WITHOUT ROWID;
