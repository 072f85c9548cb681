//! How values are captured: as well as their type allows, within a budget, and never against what is annotated.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and expect-test writes its own strings"
)]

use std::collections::HashMap;

use expect_test::expect;
use llmobs::testing::Collector;
use serde::Serialize;

#[derive(Serialize)]
struct Json {
    text: &'static str,
}

#[derive(Debug)]
struct Shown;

struct Opaque;

#[llmobs::task]
fn each_way(json: Json, shown: Shown, opaque: Opaque, moved: HashMap<u8, f64>) -> Opaque {
    drop((json.text, shown, moved));
    opaque
}

#[test]
fn is_json_else_debug_else_the_type_before_the_body_can_move_it() {
    let tree = expect![[r#"
        task each_way  in {"json":{"text":"t"},"shown":"Shown","opaque":"<capture::Opaque>","moved":{"1":"NaN"}}  out <capture::Opaque>
    "#]];
    let collector = Collector::new();
    collector.enter(|| {
        each_way(Json { text: "t" }, Shown, Opaque, HashMap::from([(1, f64::NAN)]));
    });
    tree.assert_eq(&collector.tree());
}

#[llmobs::task]
fn echo(text: &str) -> &str {
    text
}

#[test]
fn stops_at_the_budget_and_notes_the_length() {
    let collector = Collector::with_config(&llmobs::Config::from_env().capture_limit(8));
    collector.enter(|| assert_eq!(echo("äöüäöü").len(), 12));
    let expected = expect![[r#"
        task echo  in {"text":"äöüä… [8 of 12 bytes]"}  out äöüä… [8 of 12 bytes]
    "#]];
    expected.assert_eq(&collector.tree());
}

#[llmobs::task]
fn annotates(input: u8) -> u8 {
    llmobs::annotate(|span| span.input("by hand").output("by hand too").metric("n", input).tag("t", "v"));
    input
}

#[test]
fn loses_against_annotations() {
    let collector = Collector::new();
    collector.enter(|| assert_eq!(annotates(1), 1));
    let event = &collector.events()[0];
    assert_eq!(event["meta"]["input"]["value"], "by hand");
    assert_eq!(event["meta"]["output"]["value"], "by hand too");
    assert_eq!(event["metrics"], serde_json::json!({ "n": 1 }));
}

struct Instrumented;

impl Serialize for Instrumented {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        echo("inside");
        serializer.serialize_str("done")
    }
}

#[llmobs::task]
fn takes(value: Instrumented) {
    let Instrumented = value;
}

#[test]
fn makes_no_spans_by_itself() {
    let tree = expect![[r#"
        task takes  in {"value":"done"}
    "#]];
    let collector = Collector::new();
    collector.enter(|| takes(Instrumented));
    tree.assert_eq(&collector.tree());
}
