-- Who did what to the figures: only ever appended to.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    act    TEXT NOT NULL,
    about  TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);

-- The first schema found a longest wait among whole calls without an index.
CREATE INDEX journey_offered ON journey (queue, offered);
