-- What no switch told: months of an old system (kind queue, unit), days of a service desk (kind tickets).
CREATE TABLE elsewhere (
    kind  TEXT NOT NULL,
    name  TEXT NOT NULL,
    day   TEXT NOT NULL, -- 2026-11-02; of a month its first
    state TEXT NOT NULL, -- JSON
    PRIMARY KEY (kind, name, day)
) WITHOUT ROWID;
