-- Sums of the closed months of a year, so that nobody adds up again what was signed. months names the
-- months and their revisions, as text; a sum never changes, and is of use as long as no month of it is
-- revised.
CREATE TABLE year_sum (
    months text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (months)
);
CREATE TABLE year_sum_cell (
    number  bigint NOT NULL,
    scope   text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (number, scope, name)
);
