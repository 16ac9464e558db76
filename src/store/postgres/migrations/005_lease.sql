-- Which program writes the figures: the one that took the last epoch, until that moment (ms since
-- 1970 by the server's clock). Every commit checks its epoch under this row's lock.
CREATE TABLE lease (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    epoch   bigint NOT NULL,
    holder  text NOT NULL,
    until   bigint NOT NULL
);
INSERT INTO lease (epoch, holder, until) VALUES (0, 'nobody', 0);

-- Whether a month still has open calls is asked for every report of it: not by reading the month.
CREATE INDEX visit_open ON visit (queue, offered) WHERE outcome IS NULL OR NOT over;
