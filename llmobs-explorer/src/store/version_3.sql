-- The additions of version 3 to version 2; see `store/migration.rs`.

-- Sessions by their turns. The turns are the heads of traces.
CREATE INDEX span_by_session ON span (head, session, start_ns) WHERE session IS NOT NULL;

-- The smallest and largest values of adjacent spans of a kind, and of adjacent traces. They exclude rows from the search for the first ones
-- in the order of a value. Unknown kinds share the empty kind. Deleted rows may still count. See `store/zones.rs`.
CREATE TABLE span_zone (
    zone INTEGER NOT NULL,
    kind TEXT NOT NULL,
    least_duration INTEGER,
    most_duration INTEGER,
    least_tokens INTEGER,
    most_tokens INTEGER,
    -- In nanoseconds.
    least_first_token INTEGER,
    most_first_token INTEGER,
    PRIMARY KEY (zone, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE trace_zone (
    zone INTEGER PRIMARY KEY,
    least_spans INTEGER,
    most_spans INTEGER,
    least_tokens INTEGER,
    most_tokens INTEGER,
    least_first_token INTEGER,
    most_first_token INTEGER
) STRICT;

-- The parents that spans of a trace name, but that are not stored.
CREATE TABLE missing_parent (
    trace INTEGER NOT NULL,
    span_id TEXT NOT NULL,
    PRIMARY KEY (trace, span_id)
) STRICT, WITHOUT ROWID;
