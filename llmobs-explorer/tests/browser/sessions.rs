//! Sessions as conversations, and evaluations by label.

use serde_json::json;

use super::page::with_page;
use super::spans::{MINUTE, SECOND, evaluation, now, root, span};

#[test]
fn a_session_is_shown_as_one_conversation_with_sums() {
    with_page(|page| {
        let turn = |trace: &str, minutes: i64, question: &str, answer: &str| {
            root(
                trace,
                "answer",
                json!({
                    "session_id": "s 1/a", "start_ns": now() - minutes * MINUTE, "duration": 2 * SECOND,
                    "meta": { "input": { "value": json!({ "question": question }).to_string() }, "output": { "value": answer } },
                }),
            )
        };
        let call = |trace: &str, minutes: i64| {
            let metrics = json!({ "input_tokens": 1000, "output_tokens": 20, "total_tokens": 1020 });
            span(
                (trace, "2", "1"),
                "llm",
                "complete",
                json!({
                    "session_id": "s 1/a", "start_ns": now() - minutes * MINUTE, "metrics": metrics,
                }),
            )
        };
        let second = turn("b", 5, "And back?", "At *21:30*.");
        page.explorer.send(&[
            turn("a", 9, "When is the last ferry?", "At 20:10."),
            second,
            call("a", 9),
            call("b", 5),
        ]);
        page.visit("/sessions");
        assert_eq!(
            page.texts("tbody tr > *:nth-child(n + 2)"),
            ["s 1/a", "shop", "When is the last ferry?", "2", "", "2 040", "4.00s"]
        );
        page.follow("tbody th a");
        assert_eq!(page.texts("h1"), ["Session s 1/a"]);
        assert_eq!(
            page.texts(".turn .message"),
            ["in When is the last ferry?", "out At 20:10.", "in And back?", "out At 21:30."]
        );
        assert_eq!(page.texts(".turn em"), ["21:30"]);
        assert_eq!(page.texts(".turn .meta small"), ["Σ 2.00s", "Σ 1 020", "Σ 4.00s", "Σ 2 040"]);
        page.follow(".turn:last-child .meta a");
        assert_eq!(page.ask("location.pathname + location.search"), "/traces/b?span=1");
        // The list links to it too.
        page.visit("/traces");
        page.follow(".rows tbody small a");
        assert_eq!(page.texts("h1"), ["Session s 1/a"]);
    });
}

#[test]
fn evaluations_are_shown_by_label_and_link_to_their_spans() {
    with_page(|page| {
        page.explorer.send(&[root("a", "good", json!({})), root("b", "bad", json!({}))]);
        let score = |trace: &str, score: f64, assessment: &str| {
            let more = json!({ "metric_type": "score", "score_value": score, "assessment": assessment, "reasoning": "It is **so**." });
            evaluation(trace, "1", "faithfulness", more)
        };
        page.explorer.judge(&[
            score("a", 0.75, "pass"),
            score("b", 0.25, "fail"),
            evaluation(
                "a",
                "1",
                "tone",
                json!({ "metric_type": "categorical", "categorical_value": "friendly" }),
            ),
        ]);
        page.visit("/evaluations");
        assert_eq!(page.texts(".card h2"), ["faithfulness score", "tone categorical"]);
        assert_eq!(page.texts(".card:first-child dd"), ["2", "1", "1", "0.5", "0.25", "0.75"]);
        assert_eq!(page.texts(".spread li"), ["friendly 1"]);
        page.follow(".card:first-child div:nth-child(3) a");
        assert_eq!(page.texts(".rows tbody th > a"), ["bad"]);
        assert_eq!(page.texts(".rows .badge"), ["✕ faithfulness 0.25"]);
        page.follow(".rows tbody th > a");
        assert_eq!(page.texts(".said .badge, .said pre"), ["✕ faithfulness 0.25", "It is **so**."]);
    });
}
