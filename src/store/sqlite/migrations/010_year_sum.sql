-- Sums of the closed months of a year, so that nobody adds up again what was signed. months names the
-- months and their revisions, as text; a sum never changes, and is of use as long as no month of it is
-- revised.
CREATE TABLE year_sum (
    months TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (months)
) WITHOUT ROWID;
CREATE TABLE year_sum_cell (
    number  INTEGER NOT NULL,
    scope   TEXT NOT NULL,
    name    TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (number, scope, name)
) WITHOUT ROWID;
