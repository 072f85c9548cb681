-- Version 1. A later version is a file of its own that changes this one's tables; see `store/schema.rs`.

-- One row for each span: what lists, trees and filters need. The event itself is in `content`.
CREATE TABLE span (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES trace (id),
    span_id TEXT NOT NULL,
    parent_id TEXT,
    -- 1 where it stands for its trace in lists: the root, or the earliest span whose parent has not arrived.
    head INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    duration_ns INTEGER NOT NULL,
    ml_app TEXT,
    service TEXT,
    env TEXT,
    session_id TEXT,
    model_name TEXT,
    model_provider TEXT,
    error_type TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    total_tokens INTEGER,
    cached_tokens INTEGER,
    time_to_first_token REAL,
    input_preview TEXT NOT NULL,
    output_preview TEXT NOT NULL,
    -- The row of `facets` that has its status, kind and so on.
    facets INTEGER NOT NULL DEFAULT 0,
    UNIQUE (span_id, trace)
) STRICT;

-- The one index that lists read, whatever is asked: narrow, so that a hundred thousand rows are read at once. What a query can compare
-- in a span stands in here, or in `facets`, or is found by an index of its own; see `query/sql.rs` and `store/list.rs`.
CREATE INDEX span_list ON span (
    head, start_ns, facets, trace, duration_ns, session_id, parent_id, input_tokens, output_tokens, total_tokens, cached_tokens,
    time_to_first_token
);
-- What is below a span, and how long that took.
CREATE INDEX span_by_trace ON span (trace, parent_id, start_ns, duration_ns);
CREATE INDEX span_by_session ON span (session_id, start_ns) WHERE session_id IS NOT NULL;
CREATE INDEX head_by_session ON span (session_id, start_ns) WHERE session_id IS NOT NULL AND head = 1;
-- What the writer asks when spans of a trace arrive that is there already.
CREATE INDEX head_by_trace ON span (trace) WHERE head = 1;
CREATE INDEX tool_by_trace ON span (trace, name) WHERE kind = 'tool';

-- What lists count by value. Programs have few combinations of these, so each stands here once, and a list is counted and filtered by
-- one number for each span. Spans have the columns too, for pages that show some of them.
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
    error_type TEXT
) STRICT;

CREATE INDEX facets_by_value ON facets (
    name, kind, status, ml_app, service, env, model_name, model_provider, error_type
);

-- The event of a span, compressed, with its long strings cut out, see `store/content.rs`. Apart, so that rows of `span` stay small.
CREATE TABLE event (
    span INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- One row for each trace: the sums over its spans, kept up to date as spans of it arrive.
CREATE TABLE trace (
    id INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL UNIQUE,
    -- When spans of it arrived last, in milliseconds since the Unix epoch: what retention goes by.
    arrived_ms INTEGER NOT NULL DEFAULT 0,
    start_ns INTEGER NOT NULL DEFAULT 0,
    end_ns INTEGER NOT NULL DEFAULT 0,
    spans INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    llm_calls INTEGER NOT NULL DEFAULT 0,
    tool_calls INTEGER NOT NULL DEFAULT 0,
    -- How many different tools were called.
    tools INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER,
    output_tokens INTEGER,
    total_tokens INTEGER,
    cached_tokens INTEGER,
    -- Names of models, a line each.
    models TEXT NOT NULL DEFAULT '',
    time_to_first_token REAL,
    -- When the span began that the time to first token is of: the first that has one.
    first_token_ns INTEGER
) STRICT;

CREATE INDEX trace_by_arrival ON trace (arrived_ms);

-- Scalars of events by path, each pair of path and value once.
CREATE TABLE attribute (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    number REAL,
    UNIQUE (path, text)
) STRICT;

CREATE INDEX attribute_by_number ON attribute (path, number) WHERE number IS NOT NULL;

CREATE TABLE span_attribute (
    attribute INTEGER NOT NULL,
    span INTEGER NOT NULL,
    PRIMARY KEY (attribute, span)
) STRICT, WITHOUT ROWID;

CREATE INDEX span_attribute_by_span ON span_attribute (span, attribute);

-- Words of input, output and error. Its rowid is the id of the span.
CREATE VIRTUAL TABLE span_text USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Long strings of events, once each, compressed.
CREATE TABLE content (
    hash BLOB PRIMARY KEY,
    data BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE span_content (
    span INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (span, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX span_content_by_hash ON span_content (hash);

-- Evaluations and feedback. They may arrive before what they are about, so they are joined when they are asked for.
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
    -- What it is about; `span_id` alone where the trace was not named.
    trace_id TEXT,
    span_id TEXT,
    session_id TEXT,
    tag_key TEXT,
    tag_value TEXT,
    event TEXT NOT NULL,
    -- Of the event: one that was sent twice, because an answer was lost, stands here once.
    hash BLOB NOT NULL UNIQUE,
    -- What retention goes by where the trace is not there, in milliseconds since the Unix epoch.
    arrived_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX evaluation_by_span ON evaluation (span_id) WHERE span_id IS NOT NULL;
CREATE INDEX evaluation_by_trace ON evaluation (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX evaluation_by_session ON evaluation (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX evaluation_by_tag ON evaluation (tag_key, tag_value) WHERE tag_key IS NOT NULL;
-- Those that say no trace are few, if any.
CREATE INDEX evaluation_by_span_alone ON evaluation (span_id) WHERE trace_id IS NULL AND span_id IS NOT NULL;
CREATE INDEX evaluation_by_label ON evaluation (label, timestamp_ms);
CREATE INDEX evaluation_by_arrival ON evaluation (arrived_ms);

-- What the intake refused lately.
CREATE TABLE rejection (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- Which spans an evaluation is about: the one it names, those that have a tag, or what stands for a trace or a session.
CREATE VIEW judged (evaluation, span) AS
    SELECT e.id, s.id FROM evaluation e JOIN span s ON s.span_id = e.span_id JOIN trace t ON t.id = s.trace
        WHERE e.span_id IS NOT NULL AND (e.trace_id IS NULL OR e.trace_id = t.trace_id)
    UNION ALL
    SELECT e.id, s.id FROM evaluation e JOIN trace t ON t.trace_id = e.trace_id JOIN span s ON s.trace = t.id AND s.head = 1
        WHERE e.span_id IS NULL AND e.trace_id IS NOT NULL
    UNION ALL
    SELECT e.id, s.id FROM evaluation e JOIN span s ON s.session_id = e.session_id AND s.head = 1
        WHERE e.session_id IS NOT NULL
    UNION ALL
    SELECT e.id, x.span FROM evaluation e JOIN attribute a ON e.tag_key = substr(a.path, 5) AND e.tag_value = a.text
        JOIN span_attribute x ON x.attribute = a.id
        WHERE e.tag_key IS NOT NULL AND a.path GLOB 'tag.*';
