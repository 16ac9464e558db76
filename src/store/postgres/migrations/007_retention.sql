-- What was let go, by kind and name: everything before `until`.
CREATE TABLE let_go (
    kind  text COLLATE "C" NOT NULL,
    name  text COLLATE "C" NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (kind, name)
);

-- By which the old is found without reading everything.
CREATE INDEX call_over ON call (newest) WHERE is_over;
CREATE INDEX unit_journey_started ON unit_journey (started);
