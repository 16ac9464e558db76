-- On PostgreSQL a lease says which program writes. Here the file beside this one is locked.

-- Whether a month still has open calls is asked for every report of it: not by reading the month.
CREATE INDEX visit_open ON visit (queue, offered) WHERE outcome IS NULL OR NOT over;
