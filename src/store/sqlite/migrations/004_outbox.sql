-- Letters that are to go out. due is null when one was taken or given up; its key stays known.
CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    content  BLOB NOT NULL,
    written  INTEGER NOT NULL,
    due      INTEGER,
    sent     INTEGER,
    tries    INTEGER NOT NULL,
    trouble  TEXT
);
CREATE INDEX outbox_due ON outbox (due) WHERE due IS NOT NULL;

-- What the writers of letters must remember together with them (JSON).
CREATE TABLE memory (
    writer  TEXT PRIMARY KEY,
    content TEXT NOT NULL
) WITHOUT ROWID;
