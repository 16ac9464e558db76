-- What no switch told: months of an old system (kind queue, unit), days of a service desk (kind tickets).
CREATE TABLE elsewhere (
    kind  text NOT NULL,
    name  text NOT NULL,
    day   text NOT NULL, -- 2026-11-02; of a month its first
    state jsonb NOT NULL,
    PRIMARY KEY (kind, name, day)
);
