//! Terms that pages write into queries.

use crate::query::{Condition, Query, filter};

#[test]
fn filters_are_as_short_as_a_person_would_write_them() {
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
        ("evaluation.custom.tone.value", "polite", "@evaluation.custom.custom.tone.value:polite"),
        ("parent_id", "undefined", "@parent_id:undefined"),
        ("session_id", "", "@session_id:\"\""),
    ] {
        assert_eq!(filter(path, value), expected);
    }
}

#[test]
fn terms_are_added_once_and_removed() {
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
fn the_default_query_matches_all() {
    assert!(Query::default().is_all());
    for text in ["", " ", "*", "(*)", "* AND *", "a OR *"] {
        assert!(Query::parse(text).unwrap().is_all(), "{text}");
    }
    for text in ["a", "-*", "@name:*"] {
        assert!(!Query::parse(text).unwrap().is_all(), "{text}");
    }
    assert_eq!(Query::default(), Query::parse("").unwrap());
    assert_eq!(Query::default().condition(), &Condition::Everything);
}
