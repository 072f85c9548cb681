//! Terms that pages write into queries.

use super::{found, store};
use crate::query::filter;

#[test]
fn a_filter_finds_exactly_its_value() {
    let values = [
        "",
        " ",
        "plain",
        "two words",
        "tab\tand\nline",
        "\"",
        "\\",
        "\\\"",
        "\"quoted\"",
        "C:\\new\\",
        "a*",
        "*",
        "?",
        "a?b",
        "a[b]",
        "[1 TO 5]",
        ">5",
        "<=5",
        "-x",
        "(x)",
        ")",
        "a:b",
        "http://x/y",
        "@x",
        "OR",
        "NOT",
        "AND x",
        "0.5",
        "0.50",
        "5s",
        "1e3",
        "-5",
        "inf",
        "NaN",
        "true",
        "$0.01",
        "'",
        "''; --",
        "%",
        "_",
        "wörld",
        "日本語",
        "👍",
        "e\u{301}",
        "\u{e9}",
        "\u{202e}",
        "zero\0byte",
        "zero",
        "undefined",
        "null",
        "urgent",
        "Plain",
        "trailing ",
        "\u{a0}",
    ];
    let paths = [
        "tag.k",
        "tag.env",
        "tag.a key: \"x\" (y)",
        "tag.-x",
        "tag.OR",
        "tag.@x",
        "tag.",
        "meta.metadata.a b",
        "meta.x",
    ];
    let store = store::filled();
    for (index, value) in (0_i64..).zip(&values) {
        for sql in [
            "INSERT INTO facets (id, name, kind, status, ml_app) VALUES (1000 + ?1, ?2, 'x', 'ok', ?3)",
            "INSERT INTO span (trace, span_id, start_ns, duration_ns, facets, tags, fields) \
             SELECT 1, name, 1, 1, id, id, 1000 + id FROM facets WHERE id = 1000 + ?1 AND name = ?2 AND ml_app = ?3",
        ] {
            store.execute(sql, (index, format!("value-{index}"), value)).unwrap();
        }
        for path in paths {
            store::attribute(&store, &format!("value-{index}"), path, value);
        }
    }
    for (index, value) in values.iter().enumerate() {
        for path in paths {
            let term = filter(path, value);
            assert_eq!(found(&store, &term), format!("value-{index}"), "{term}");
        }
        let term = filter("ml_app", value);
        // For users, a missing application and an application without a name are the same.
        let expected =
            if value.is_empty() { format!("orphan rank value-{index}") } else { format!("value-{index}") };
        assert_eq!(found(&store, &term), expected, "{term}");
    }
}
