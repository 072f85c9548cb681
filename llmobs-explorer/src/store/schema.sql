-- Version 5, with `version_3.sql` to `version_5.sql`. `store/migration.rs` migrates stores of earlier versions to it.

-- One row per span, with the columns that lists, trees and filters need.
CREATE TABLE span (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES trace (id),
    span_id TEXT NOT NULL,
    parent_id TEXT,
    -- 1 if the span represents its trace in lists: the root, or else the earliest span whose parent has not arrived.
    head INTEGER NOT NULL DEFAULT 0,
    start_ns INTEGER NOT NULL,
    duration_ns INTEGER NOT NULL,
    facets INTEGER NOT NULL REFERENCES facets (id),
    session INTEGER REFERENCES session (id),
    -- The sets of its tags and of its other attributes; 0 for none.
    tags INTEGER NOT NULL DEFAULT 0,
    fields INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER,
    output_tokens INTEGER,
    total_tokens INTEGER,
    cached_tokens INTEGER,
    time_to_first_token REAL,
    -- The position of its event, with the previews of its input and output; see `store/block.rs` and `store/event_text.rs`.
    event INTEGER NOT NULL DEFAULT 0,
    -- The first span with the same ids, which this one replaced.
    replaces INTEGER
) STRICT;

-- The index that all lists read. It is narrow, so that reading a hundred thousand rows is fast. It has all columns that a query can compare
-- and that no other index covers; see `store/condition.rs` and `store/list.rs`.
CREATE INDEX span_list ON span (
    head, start_ns, facets, trace, duration_ns, session, tags, fields, parent_id, input_tokens, output_tokens, total_tokens,
    cached_tokens, time_to_first_token
);
-- The spans of a trace arrive one after another, so this index grows at its end. An index by id alone would be written everywhere.
CREATE UNIQUE INDEX span_by_trace ON span (trace, span_id);

-- The values that lists count. Programs have few combinations of them, so each combination is stored once.
CREATE TABLE facets (
    id INTEGER PRIMARY KEY,
    status TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    ml_app TEXT,
    service TEXT,
    env TEXT,
    model_name TEXT,
    model_provider TEXT,
    error_type TEXT,
    -- The number of spans that have them.
    spans INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX facets_by_value ON facets (
    name, kind, status, ml_app, service, env, model_name, model_provider, error_type
);

-- The number of spans with these facets that began in a period; see `store/activity.rs`.
CREATE TABLE activity (
    time INTEGER NOT NULL,
    facets INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    PRIMARY KEY (time, facets)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE
) STRICT;

-- One row per trace, with the sums over its spans. New spans update the sums.
CREATE TABLE trace (
    -- Numbers are not used again, because segments are ranges of them.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id TEXT NOT NULL UNIQUE,
    -- The span that represents the trace.
    head INTEGER,
    start_ns INTEGER NOT NULL DEFAULT 0,
    end_ns INTEGER NOT NULL DEFAULT 0,
    spans INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    llm_calls INTEGER NOT NULL DEFAULT 0,
    tool_calls INTEGER NOT NULL DEFAULT 0,
    -- The number of different tools that were called.
    tools INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER,
    output_tokens INTEGER,
    total_tokens INTEGER,
    cached_tokens INTEGER,
    -- The names of models, one per line.
    models TEXT NOT NULL DEFAULT '',
    time_to_first_token REAL,
    -- The start of the first span with a time to first token.
    first_token_ns INTEGER
) STRICT;

-- The tools that each trace called.
CREATE TABLE tool (
    trace INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (trace, name)
) STRICT, WITHOUT ROWID;

-- The scalars of events by path. Each pair of path and value is stored once.
CREATE TABLE attribute (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    number REAL,
    UNIQUE (path, text)
) STRICT;

CREATE INDEX attribute_by_number ON attribute (path, number) WHERE number IS NOT NULL;

-- Sets of attributes. The spans of a trace, and often of a program, share them.
CREATE TABLE attribute_set (
    attribute INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (attribute, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attribute_set_by_id ON attribute_set (id, attribute);

-- Texts of events, compressed; see `store/block.rs`.
CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- The spans that have a text of the search. The tables of words have the texts, by `piece`.
CREATE TABLE span_piece (
    piece INTEGER NOT NULL,
    span INTEGER NOT NULL,
    PRIMARY KEY (piece, span)
) STRICT, WITHOUT ROWID;

-- The data that arrived in a period and is deleted as a whole; see `store/segment.rs`.
CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    -- In milliseconds since the Unix epoch.
    begun_ms INTEGER NOT NULL,
    -- The number of bytes of events that arrived in it.
    bytes INTEGER NOT NULL DEFAULT 0,
    -- The number of its table of the words of inputs, outputs and errors: `words_1` and so on.
    words INTEGER NOT NULL,
    -- The first numbers that belong to it. The number of spans is only stored so that no number is used again.
    first_trace INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    first_piece INTEGER NOT NULL,
    first_set INTEGER NOT NULL,
    next_span INTEGER NOT NULL
) STRICT;

-- Evaluations and feedback. They may arrive before their targets, so queries join them.
CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY,
    feedback INTEGER NOT NULL,
    label TEXT NOT NULL,
    metric_type TEXT NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    assessment TEXT,
    reasoning TEXT,
    ml_app TEXT,
    timestamp_ms INTEGER NOT NULL,
    -- The target; `span_id` alone if the trace was not named.
    trace_id TEXT,
    span_id TEXT,
    session_id TEXT,
    tag_key TEXT,
    tag_value TEXT,
    event TEXT NOT NULL,
    -- The hash of the event. An event that was sent again after a lost answer is stored once.
    hash BLOB NOT NULL UNIQUE,
    -- In milliseconds since the Unix epoch. Retention uses this time if the trace is not stored.
    arrived_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX evaluation_by_span ON evaluation (span_id) WHERE span_id IS NOT NULL;
CREATE INDEX evaluation_by_trace ON evaluation (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX evaluation_by_session ON evaluation (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX evaluation_by_tag ON evaluation (tag_key, tag_value) WHERE tag_key IS NOT NULL;
-- Few evaluations, if any, name no trace.
CREATE INDEX evaluation_by_span_alone ON evaluation (span_id) WHERE trace_id IS NULL AND span_id IS NOT NULL;
CREATE INDEX evaluation_by_label ON evaluation (label, timestamp_ms);
CREATE INDEX evaluation_by_arrival ON evaluation (arrived_ms);

-- The latest requests that the intake refused.
CREATE TABLE rejection (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- The spans of an evaluation: the span that it names, the spans that have its tag, or the heads of its trace or session. Query it with
-- the number of a span.
CREATE VIEW judged (evaluation, span) AS
    SELECT e.id, s.id FROM evaluation e JOIN span s ON s.span_id = e.span_id JOIN trace t ON t.id = s.trace
        WHERE e.span_id IS NOT NULL AND (e.trace_id IS NULL OR e.trace_id = t.trace_id)
    UNION ALL
    SELECT e.id, s.id FROM evaluation e JOIN trace t ON t.trace_id = e.trace_id JOIN span s ON s.trace = t.id AND s.head = 1
        WHERE e.span_id IS NULL AND e.trace_id IS NOT NULL
    UNION ALL
    SELECT e.id, s.id FROM evaluation e JOIN session n ON n.session_id = e.session_id JOIN span s ON s.session = n.id AND s.head = 1
        WHERE e.session_id IS NOT NULL
    UNION ALL
    SELECT e.id, s.id FROM evaluation e JOIN attribute a ON e.tag_key = substr(a.path, 5) AND e.tag_value = a.text
        JOIN attribute_set x ON x.attribute = a.id JOIN span s ON s.tags = x.id
        WHERE e.tag_key IS NOT NULL AND a.path GLOB 'tag.*';
