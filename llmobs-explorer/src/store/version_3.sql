-- What version 3 added to version 2; see `store/migration.rs`.

-- Sessions by their turns, which are the heads of traces.
CREATE INDEX span_by_session ON span (head, session, start_ns) WHERE session IS NOT NULL;

-- The least and greatest values of the spans of a kind whose numbers are next to each other, and of traces: what need not be read to
-- find the first ones in the order of a value. Kinds that are not well known share an empty one. Some values may be less or greater
-- than those of the rows today. See `store/zones.rs`.
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

-- The parents that spans of a trace name and that are not stored.
CREATE TABLE missing_parent (
    trace INTEGER NOT NULL,
    span_id TEXT NOT NULL,
    PRIMARY KEY (trace, span_id)
) STRICT, WITHOUT ROWID;
