//! Four traces:
//!
//! ```text
//! t-1  answer (workflow) > plan (agent) > complete (llm), search (tool, failed)      prod, session s-1
//! t-2  draft (llm) > polish (task)                                                   staging
//! t-3  triage (agent) > lookup (tool), embed (embedding), judge (llm)                session s-2
//! t-4  orphan (tool, its parent is missing) > rank (retrieval)
//! ```

use rusqlite::{Connection, named_params};

pub(super) fn filled() -> Connection {
    let store = Connection::open_in_memory().unwrap();
    store.execute_batch(crate::store::schema::SCHEMA).unwrap();
    let words = "CREATE VIRTUAL TABLE words_1 USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2')";
    store.execute_batch(words).unwrap();
    store.execute_batch(ROWS).unwrap();
    for (span, path, text) in ATTRIBUTES {
        attribute(&store, span, path, text);
    }
    for (span, text) in TEXTS {
        let values = named_params! { ":text": text, ":name": span };
        for sql in [
            "INSERT INTO words_1 (rowid, text) SELECT id, :text FROM facets WHERE name = :name",
            "INSERT INTO span_piece (piece, span) SELECT id, id FROM facets WHERE name = :name AND :text <> ''",
        ] {
            store.execute(sql, values).unwrap();
        }
    }
    store
}

/// Adds an attribute to the sets of a span. The sets have the number of the span.
pub(super) fn attribute(store: &Connection, span: &str, path: &str, text: &str) {
    let number: Option<f64> = text.parse().ok();
    store
        .execute(
            "INSERT OR IGNORE INTO attribute (path, text, number) VALUES (:path, :text, :number)",
            named_params! { ":path": path, ":text": text, ":number": number },
        )
        .unwrap();
    store
        .execute(
            "INSERT INTO attribute_set (id, attribute)
             SELECT iif(a.path GLOB 'tag.*', s.tags, s.fields), a.id FROM span s JOIN facets f ON f.id = s.facets, attribute a
             WHERE f.name = :name AND a.path = :path AND a.text = :text",
            named_params! { ":name": span, ":path": path, ":text": text },
        )
        .unwrap();
}

const ROWS: &str = "
INSERT INTO trace (id, trace_id, spans, errors, llm_calls, tool_calls, tools, input_tokens, output_tokens, total_tokens) VALUES
    (1, 't-1', 4, 1, 1, 1, 1, 100, 20, 120),
    (2, 't-2', 2, 0, 1, 0, 0, 1000, 500, 1500),
    (3, 't-3', 4, 0, 1, 1, 1, 7, 2, 9),
    (4, 't-4', 2, 0, 0, 1, 1, NULL, NULL, NULL);

INSERT INTO session (id, session_id) VALUES (1, 's-1'), (2, 's-2');

-- Each span has its own facets and sets.
INSERT INTO facets (id, name, kind, status, ml_app, service, env, model_name, model_provider, error_type) VALUES
    (1, 'answer', 'workflow', 'ok', 'shop', 'web', 'prod', NULL, NULL, NULL),
    (2, 'plan', 'agent', 'ok', 'shop', 'web', 'prod', NULL, NULL, NULL),
    (3, 'complete', 'llm', 'ok', 'shop', 'web', 'prod', 'gpt-4o', 'openai', NULL),
    (4, 'search', 'tool', 'error', 'shop', 'web', 'prod', NULL, NULL, 'TimeoutError'),
    (5, 'draft', 'llm', 'ok', 'desk', NULL, 'staging', 'gpt-4o-mini', 'openai', NULL),
    (6, 'polish', 'task', 'ok', 'desk', NULL, 'staging', NULL, NULL, NULL),
    (7, 'triage', 'agent', 'ok', 'desk', NULL, NULL, NULL, NULL, NULL),
    (8, 'lookup', 'tool', 'ok', 'desk', NULL, NULL, NULL, NULL, NULL),
    (9, 'embed', 'embedding', 'ok', 'desk', NULL, NULL, NULL, NULL, NULL),
    (10, 'judge', 'llm', 'ok', 'desk', NULL, NULL, 'claude', 'anthropic', NULL),
    (11, 'orphan', 'tool', 'ok', NULL, NULL, NULL, NULL, NULL, NULL),
    (12, 'rank', 'retrieval', 'ok', NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO span (id, trace, span_id, parent_id, head, start_ns, duration_ns, session, facets, tags, fields) VALUES
    (1, 1, '11', NULL, 1, 1000000000, 6000000000, 1, 1, 1, 101),
    (2, 1, '12', '11', 0, 1001000000, 5500000000, 1, 2, 2, 102),
    (3, 1, '13', '12', 0, 1001000001, 5000000000, 1, 3, 3, 103),
    (4, 1, '14', '12', 0, 1002000000, 1500, 1, 4, 4, 104),
    (5, 2, '21', NULL, 1, 2000000000, 90000000000, NULL, 5, 5, 105),
    (6, 2, '22', '21', 0, 2000000001, 250000000, NULL, 6, 6, 106),
    (7, 3, '31', NULL, 1, 3000000000, 7200000000000, 2, 7, 7, 107),
    (8, 3, '32', '31', 0, 3000000001, 67000000, 2, 8, 8, 108),
    (9, 3, '33', '31', 0, 3000000002, 1, 2, 9, 9, 109),
    (10, 3, '34', '31', 0, 3000000003, 2000000, 2, 10, 10, 110),
    (11, 4, '41', '40', 1, 1767225600000000000, 3, NULL, 11, 11, 111),
    -- A span of another trace has the same id.
    (12, 4, '14', '41', 0, 1767225600001000000, 4, NULL, 12, 12, 112);

UPDATE trace SET head = s.id FROM span s WHERE s.trace = trace.id AND s.head = 1;
UPDATE span SET input_tokens = 100, output_tokens = 20, total_tokens = 120, cached_tokens = 40, time_to_first_token = 0.5
    WHERE id = 3;
UPDATE span SET input_tokens = 1000, output_tokens = 500, total_tokens = 1500, time_to_first_token = 2 WHERE id = 5;
UPDATE span SET input_tokens = 7, output_tokens = 2, total_tokens = 9 WHERE id = 10;

INSERT INTO evaluation (feedback, label, metric_type, value, number, assessment, reasoning, timestamp_ms,
    trace_id, span_id, session_id, tag_key, tag_value, event, hash) VALUES
    (0, 'faithful', 'score', '0.93', 0.93, 'pass', 'Every sentence stands there.', 1, 't-1', '13', NULL, NULL, NULL, '1', x'01'),
    (0, 'faithful', 'score', '0.5', 0.5, 'fail', NULL, 1, 't-2', '21', NULL, NULL, NULL, '2', x'02'),
    (0, 'tone', 'categorical', 'polite', NULL, NULL, NULL, 1, NULL, '34', NULL, NULL, NULL, '3', x'03'),
    -- The target is the span in the named trace, although another span has the same id.
    (0, 'found', 'boolean', 'true', 1, NULL, NULL, 1, 't-4', '14', NULL, NULL, NULL, '4', x'04'),
    (0, 'found', 'boolean', 'false', 0, NULL, NULL, 1, NULL, '14', NULL, NULL, NULL, '5', x'05'),
    (0, 'done', 'categorical', 'yes', NULL, NULL, NULL, 1, 't-2', NULL, NULL, NULL, NULL, '6', x'06'),
    (0, 'calm', 'boolean', 'true', 1, NULL, NULL, 1, NULL, NULL, 's-2', NULL, NULL, '7', x'07'),
    (0, 'by.tag', 'score', '3', 3, NULL, NULL, 1, NULL, NULL, NULL, 'message', 'm:7', '8', x'08'),
    (1, 'thumbs', 'categorical', 'up', NULL, 'pass', NULL, 1, 't-1', NULL, NULL, NULL, NULL, '9', x'09'),
    (1, 'faithful', 'categorical', 'odd', NULL, NULL, NULL, 1, 't-4', '41', NULL, NULL, NULL, '10', x'10');
";

const ATTRIBUTES: [(&str, &str, &str); 24] = [
    ("answer", "tag.team", "blue"),
    ("answer", "tag.team", "green"),
    ("answer", "tag.urgent", ""),
    ("answer", "tag.user_id", "7"),
    ("plan", "tag.user_id", "07"),
    ("draft", "tag.team", "Blue"),
    ("draft", "tag.version", "1.10"),
    ("polish", "tag.version", "1.1"),
    ("triage", "tag.message", "m:7"),
    ("triage", "tag.url", "http://x/y?z=1"),
    ("lookup", "tag.env", "odd"),
    ("lookup", "tag.user_id", "100"),
    ("complete", "meta.metadata.temperature", "0.20"),
    ("draft", "meta.metadata.temperature", "1"),
    ("judge", "meta.metadata.temperature", "hot"),
    ("complete", "meta.metadata.options.mode", "a*b?c[d]"),
    ("draft", "meta.metadata.options.mode", "aXbYc[d]"),
    ("judge", "meta.metadata.options.mode", "say \"hi\" \\ now"),
    ("complete", "metrics.reasoning_output_tokens", "64"),
    ("complete", "metrics.estimated_total_cost", "12000000"),
    ("draft", "metrics.estimated_total_cost", "10000000"),
    ("embed", "metrics.audio_cost", "0.25"),
    ("embed", "collection_errors", "otel_warning_missing_model_name"),
    ("rank", "_dd.scope", "experiments"),
];

const TEXTS: [(&str, &str); 7] = [
    ("answer", "Hello world"),
    ("complete", "The world says hello. It costs 100%."),
    ("search", "foo: bar TimeoutError NEAR or AND not"),
    ("draft", "see http://x.org/a for halloumi"),
    ("judge", "Grüße aus Köln"),
    ("triage", "foo or bar"),
    ("embed", "say \"cheese\" OR don't"),
];
