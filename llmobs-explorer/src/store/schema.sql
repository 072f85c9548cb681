-- Version 3, with `version_3.sql`. `store/migration.rs` makes it of a store of an earlier version.

-- One row for each span: what lists, trees and filters need.
CREATE TABLE span (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES trace (id),
    span_id TEXT NOT NULL,
    parent_id TEXT,
    -- 1 where lists show it as its trace: the root, or the earliest span whose parent has not arrived.
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
    -- Where its event is, with the beginning of its input and output; see `store/block.rs` and `store/event_text.rs`.
    event INTEGER NOT NULL DEFAULT 0,
    -- The first of the spans with its ids, in place of which it came.
    replaces INTEGER
) STRICT;

-- The one index that lists read, whatever is asked: narrow, so that a hundred thousand rows are read at once. It has what a
-- query can compare in a span and no other index finds; see `query/sql.rs` and `store/list.rs`.
CREATE INDEX span_list ON span (
    head, start_ns, facets, trace, duration_ns, session, tags, fields, parent_id, input_tokens, output_tokens, total_tokens,
    cached_tokens, time_to_first_token
);
-- Spans of a trace arrive one after another, so that this index grows at its end. By the id alone it would be written all over.
CREATE UNIQUE INDEX span_by_trace ON span (trace, span_id);

-- What lists count by value. Programs have few combinations of these, so each is stored once.
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
    -- How many spans have them.
    spans INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX facets_by_value ON facets (
    name, kind, status, ml_app, service, env, model_name, model_provider, error_type
);

-- How many spans with these facets began in a time; see `store/activity.rs`.
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

-- One row for each trace: the sums over its spans, kept up to date as spans of it arrive.
CREATE TABLE trace (
    -- A number is not used again, since segments are ranges of these.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id TEXT NOT NULL UNIQUE,
    -- The span that stands for it.
    head INTEGER,
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

-- The tools that a trace called.
CREATE TABLE tool (
    trace INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (trace, name)
) STRICT, WITHOUT ROWID;

-- Scalars of events by path, each pair of path and value once.
CREATE TABLE attribute (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    number REAL,
    UNIQUE (path, text)
) STRICT;

CREATE INDEX attribute_by_number ON attribute (path, number) WHERE number IS NOT NULL;

-- Sets of attributes: the spans of a trace, and often of a program, have the same ones.
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

-- Which spans have a text of the search. The texts are in the tables of words, by `piece`.
CREATE TABLE span_piece (
    piece INTEGER NOT NULL,
    span INTEGER NOT NULL,
    PRIMARY KEY (piece, span)
) STRICT, WITHOUT ROWID;

-- What arrived in a span of time, and is deleted at once: see `store/segment.rs`.
CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    -- In milliseconds since the Unix epoch.
    begun_ms INTEGER NOT NULL,
    -- How many bytes of events arrived in it.
    bytes INTEGER NOT NULL DEFAULT 0,
    -- The number of its table of words, of input, output and error: `words_1` and so on.
    words INTEGER NOT NULL,
    -- The first numbers that belong to it. Those of spans are only remembered so that none is used again.
    first_trace INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    first_piece INTEGER NOT NULL,
    first_set INTEGER NOT NULL,
    next_span INTEGER NOT NULL
) STRICT;

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

-- Which spans an evaluation is about: the one it names, those that have a tag, or what stands for a trace or a session. To be asked
-- with the number of a span.
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
