//! Hostile and meaningless texts. Each is a query or an error of the query, and never causes a panic or an error of SQLite. Fault V5.

use rusqlite::Connection;

use super::{found, run, store};
use crate::query::Query;

#[test]
fn syntax_of_sql_and_full_text_search_is_text() {
    let store = store::filled();
    for query in [
        r#""' OR 1=1 --""#,
        "x'; DROP TABLE span; --",
        "@name:x'; DROP TABLE span; --",
        "@name:\"' OR '1'='1\"",
        "\"' OR '1'='1\":x",
        "@x'\\ OR\\ 1=1\\ --:y",
        "a'b:c'd",
        "@evaluation.'\\ OR\\ 1.value:*",
        "@feedback.x'y.assessment:'",
        "tags:\"a' OR 1=1\"",
        "NEAR(a b, 5)",
        "text:foo",
        "^foo",
        "{text}",
        "foo+bar",
        "a*",
        "\"unbalanced \\\" quote\"",
        "\"\"\"\"",
        "\"zero\0byte\"",
        "zero\0byte*",
        "@name:zero\0*",
        "\"\0\"",
        "!!!*",
        "?1",
        "@name:?1",
        "@name::x",
        "@name:$x",
        "\u{202e}\u{0}\u{feff}",
        "@meta.metadata.[x]:[*",
        "@meta.metadata.x:\\[a-z]",
        "👍 🇩🇪",
    ] {
        if let Ok(query) = Query::parse(query) {
            run(&store, &query).unwrap_or_else(|error| panic!("{query:?}: {error}"));
        }
    }
    let spans: i64 =
        store.query_row("SELECT count(*) AS spans FROM span", [], |row| row.get("spans")).unwrap();
    assert_eq!(spans, 12);
    assert_eq!(found(&store, "\"' OR 1=1 --\""), "");
    assert_eq!(found(&store, "@name:\"' OR '1'='1\""), "");
}

/// SQLite rejects expressions of 1,000 levels, and the stack of its parser is limited too.
#[test]
fn long_and_deep_queries_run() {
    let store = store::filled();
    for query in [
        "a ".repeat(2_000),
        "-".repeat(3_999) + "x",
        "NOT ".repeat(999) + "x",
        vec!["a"; 800].join(" OR "),
        "a:b ".repeat(1_000),
        "env:b OR ".repeat(400) + "x",
        "@child.@a:1 ".repeat(333),
        "@feedback.a:1 ".repeat(285),
        format!("{}x{}", "(".repeat(64), ")".repeat(64)),
        format!("{}x{}", "-(a OR ".repeat(64), ")".repeat(64)),
        format!("{}x{}", "(a -(b c OR ".repeat(32), "))".repeat(32)),
        format!("@a:{}x{}", "(y OR -".repeat(64), ")".repeat(64)),
        format!("@name:{}", "*a".repeat(1_990)),
        format!("\"{}\"", "a ".repeat(1_990)),
        "*".repeat(4_000),
        "\\*".repeat(2_000),
    ] {
        let parsed = Query::parse(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
        run(&store, &parsed).unwrap_or_else(|error| panic!("{query}: {error}"));
    }
}

#[test]
fn any_sequence_of_tokens_is_a_query_or_an_error() {
    const TOKENS: [&str; 62] = [
        "(",
        ")",
        " ",
        " ",
        " ",
        "AND",
        "OR",
        "NOT",
        "-",
        "\"",
        "\\",
        ":",
        "*",
        "?",
        "[",
        "]",
        "TO",
        ">",
        ">=",
        "<",
        "<=",
        "=",
        "@",
        "@child.@",
        "@name",
        "@duration",
        "@metrics.input_tokens",
        "@metrics.estimated_total_cost",
        "@meta.metadata.x",
        "@trace.llm_calls",
        "@trace.x",
        "@evaluation.a.value",
        "@feedback.a",
        "@parent_id",
        "timestamp",
        "env",
        "tags",
        "key",
        ":",
        "5s",
        "10",
        "$1",
        "1e999",
        "-5",
        "undefined",
        "hello",
        "wörld",
        "日本",
        "'",
        ";",
        "--",
        "/*",
        "%",
        "\0",
        "\n",
        "http://x",
        "{",
        "}",
        "^",
        "+",
        "NEAR",
        "~",
    ];
    let store = store::filled();
    // Knuth's generator: the same sequences in each run.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut read = 0;
    for _ in 0..12_000 {
        let text: String = (0..=next(12)).map(|_| TOKENS[next(TOKENS.len())]).collect();
        match Query::parse(&text) {
            Ok(query) => {
                read += 1;
                run(&store, &query).unwrap_or_else(|error| panic!("{text:?}: {error}"));
                settles(&store, &query, &text);
            }
            Err(error) => {
                assert!((1..=text.chars().count() + 1).contains(&error.column), "{text:?}: {error}");
                assert!(!error.message.is_empty() && !error.hint.is_empty(), "{text:?}");
            }
        }
    }
    assert!(read > 1_200, "only {read} were queries");
}

/// A query and its negation together find each span once. Adding the query to itself changes nothing.
fn settles(store: &Connection, query: &Query, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let all = run(store, &Query::default()).unwrap();
    let mut both = run(store, query).unwrap();
    both.extend(run(store, &Query::parse(&format!("-({text})")).unwrap()).unwrap());
    both.sort();
    assert_eq!(both, all, "{text:?}");
}
