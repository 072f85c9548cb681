//! Streams of pieces of one text.

use serde_json::{Value, json};

use super::{Fold, folded, messages, output, wire_output, within};
use crate::base::kind::Kind;

fn pieces(text: &str) -> Vec<Value> {
    text.chars().map(|char| json!(char)).collect()
}

#[test]
fn pieces_of_text_become_one_text_for_each_kind() {
    let items = [json!("Wh"), json!(""), json!("y \"é\\\n"), json!("🦀\u{1}")];
    for kind in [Kind::Llm, Kind::Workflow, Kind::Embedding] {
        assert_eq!(folded(kind, usize::MAX, &items), (json!("Why \"é\\\n🦀\u{1}"), Vec::new()));
    }
    assert_eq!(
        wire_output(&[json!("a"), json!("b")]),
        json!({ "messages": [{ "role": "assistant", "content": "ab" }] })
    );
    assert_eq!(output(&[json!("")]), json!(""));
}

#[test]
fn missing_pieces_are_ignored() {
    let null = Value::Null;
    assert_eq!(
        messages(&[null.clone(), json!("a"), null.clone(), null.clone(), json!("b"), null]),
        json!("ab")
    );
}

#[test]
fn a_long_text_loses_its_middle_between_characters() {
    let text = "aé€😀z漢!".repeat(4);
    assert_eq!(within(28, &pieces(&text)), json!("aé€😀z漢!aé€😀z… [33 bytes left out] …!"));
    for limit in 0..text.len() {
        assert_eq!(within(limit, &pieces(&text)), within(limit, &[json!(text)]), "limit {limit}");
    }
    assert_eq!(within(text.len(), &pieces(&text)), json!(text));
}

/// Streams of genai begin with the name of an event, and another name is a heartbeat.
#[test]
fn names_of_events_are_not_pieces_of_a_text() {
    let chunk = |text: &str| json!({ "Chunk": { "content": text } });
    let [start, heartbeat] = ["Start", "Heartbeat"].map(Value::from);
    let events = [&start, &heartbeat, &chunk("a"), &heartbeat, &chunk("b")].map(Value::clone);
    assert_eq!(messages(&events), json!([{ "role": "assistant", "content": "ab" }]));
    let mut fold = Fold::new(usize::MAX);
    let have_content: Vec<bool> = events.iter().map(|event| fold.push(&event.to_string())).collect();
    assert_eq!(have_content, [false, false, true, false, true]);

    assert_eq!(messages(&[start.clone(), json!(" here")]), json!("Start here"));
    assert_eq!(messages(&[heartbeat.clone(), start.clone()]), json!("HeartbeatStart"));
    assert_eq!(messages(&[start]), json!("Start"));
}
