//! Terms as the page writes them into queries.

use super::{found, store};
use crate::query::{Query, filter};

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
        // Spans without an application and those whose application has no name are the same to a user.
        let expected =
            if value.is_empty() { format!("orphan rank value-{index}") } else { format!("value-{index}") };
        assert_eq!(found(&store, &term), expected, "{term}");
    }
}

#[test]
fn a_filter_is_written_as_a_person_would() {
    for (path, value, expected) in [
        ("ml_app", "shop", "@ml_app:shop"),
        ("meta.model_name", "gpt-4o", "@meta.model_name:gpt-4o"),
        ("name", "two words", "@name:\"two words\""),
        ("tag.team", "blue", "team:blue"),
        ("tag.team", "7", "team:7"),
        ("tag.env", "prod", "@tag.env:prod"),
        ("tag.a b", "x", "@tag.a\\ b:x"),
        ("duration", "5000", "@duration:5000"),
        ("metrics.input_tokens", "12", "@metrics.input_tokens:12"),
        ("meta.metadata.temperature", "0.2", "@meta.metadata.temperature:\"0.2\""),
        ("evaluation.tone.value", "polite", "@evaluation.tone.value:polite"),
        ("parent_id", "undefined", "@parent_id:undefined"),
        ("session_id", "", "@session_id:\"\""),
    ] {
        assert_eq!(filter(path, value), expected);
    }
}

#[test]
fn terms_are_added_once_and_taken_away() {
    let with = |text: &str, term: &str| Query::parse(text).unwrap().with(term);
    assert_eq!(with("", "a:b"), "a:b");
    assert_eq!(with("*", "a:b"), "a:b");
    assert_eq!(with(" x ", "a:b"), "x a:b");
    assert_eq!(with("x AND a:b", "a:\"b\""), "x AND a:b");
    assert_eq!(with("x OR y", "a:b"), "(x OR y) a:b");
    assert_eq!(with("(x OR y)", "a:b"), "(x OR y) a:b");
    assert_eq!(with("x", "y OR z"), "x (y OR z)");
    assert_eq!(with("x (y OR z)", "y OR z"), "x (y OR z)");
    assert_eq!(with("x", "-a:b"), "x -a:b");
    assert_eq!(with("x OR y", "x OR y"), "x OR y");
    assert_eq!(with("a:(b OR c)", "a:b"), "a:(b OR c) a:b");

    assert_eq!(with("x", " "), "x");
    assert_eq!(with("x\\ ", "y"), "x\\  y");

    let without = |text: &str, term: &str| Query::parse(text).unwrap().without(term);
    assert_eq!(without("x AND a:\"b\" AND y", "a:b"), "x y");
    assert_eq!(without("a:b", "a:b"), "");
    assert_eq!(without("x -a:b a:b", "a:b"), "x -a:b");
    assert_eq!(without("x NOT  a:b y", "-a:b"), "x y");
    assert_eq!(without("a:b OR x", "a:b"), "a:b OR x");
    assert_eq!(without("(x OR y) a:b", "a:b"), "(x OR y)");
    assert_eq!(without("x OR y", "x OR y"), "");
    assert_eq!(without("x  AND  y", "z"), "x  AND  y");
    assert_eq!(without("x", "("), "x");

    assert!(Query::parse("x a:b").unwrap().has("a:b"));
    assert!(!Query::parse("x -a:b").unwrap().has("a:b"));
    assert!(!Query::parse("x OR a:b").unwrap().has("a:b"));
}

#[test]
fn all_is_the_default() {
    assert!(Query::default().is_all());
    for text in ["", " ", "*", "(*)", "* AND *", "a OR *"] {
        assert!(Query::parse(text).unwrap().is_all(), "{text}");
    }
    for text in ["a", "-*", "@name:*"] {
        assert!(!Query::parse(text).unwrap().is_all(), "{text}");
    }
    assert_eq!(Query::default(), Query::parse("").unwrap());
    assert_eq!(Query::default().condition(&[]).sql, "TRUE");
}
