//! The output of streams: texts, chats, lists, and streams of mixed items.

mod hostile;
mod lists;
mod texts;

use serde_json::{Value, json};

use super::Fold;
use crate::base::kind::Kind;
use crate::deliver::encode::Encoder;
use crate::model::sample::Sample;
use crate::model::tags::Identity;

const NO_LIMIT: usize = 1 << 20;

/// Returns the output as JSON, null if there is none, and the metrics.
fn folded(kind: Kind, limit: usize, items: &[Value]) -> (Value, Vec<(&'static str, u64)>) {
    let mut fold = Fold::new(limit);
    for item in items {
        fold.push(&item.to_string());
    }
    let outcome = fold.finish(kind);
    let json = outcome.json.map(|json| serde_json::from_str(&json).expect("the output is JSON"));
    (json.unwrap_or_default(), outcome.response.usage.metrics())
}

/// Returns the output of a workflow within a limit.
fn within(limit: usize, items: &[Value]) -> Value {
    folded(Kind::Workflow, limit, items).0
}

fn output(items: &[Value]) -> Value {
    within(NO_LIMIT, items)
}

/// Whether the output of a stream with only this item is the unchanged item.
fn is_not_a_chat(item: &Value) -> bool {
    output(std::slice::from_ref(item)) == json!([item])
}

/// Returns the output messages of a model call.
fn messages(items: &[Value]) -> Value {
    folded(Kind::Llm, NO_LIMIT, items).0
}

fn metrics(items: &[Value]) -> Vec<(&'static str, u64)> {
    folded(Kind::Llm, NO_LIMIT, items).1
}

/// Returns a chunk of an OpenAI chat with these choices.
fn chunk(choices: &Value) -> Value {
    json!({ "id": "c-1", "object": "chat.completion.chunk", "choices": choices, "usage": null })
}

/// Returns a chunk with this text.
fn text_chunk(content: &str) -> Value {
    chunk(&json!([{ "index": 0, "delta": { "content": content }, "finish_reason": null }]))
}

/// Returns `meta.output` of a model call.
fn wire_output(items: &[Value]) -> Value {
    let identity = Identity::default();
    let span = Sample::new(Kind::Llm, "complete").returned(messages(items).to_string()).data(&identity);
    Encoder::new(&identity, "app", usize::MAX).event(&span)["meta"]["output"].take()
}

#[test]
fn a_stream_without_items_has_no_output() {
    assert_eq!(output(&[]), Value::Null);
    assert_eq!(output(&[Value::Null, Value::Null]), Value::Null);
    assert_eq!(folded(Kind::Llm, NO_LIMIT, &[]), (Value::Null, Vec::new()));
}

#[test]
fn debug_output_has_no_content() {
    for items in [vec![json!("secret")], vec![json!({ "secret": 1 })]] {
        let mut fold = Fold::new(100);
        for item in items {
            fold.push(&item.to_string());
        }
        assert_eq!(format!("{fold:?}"), "Fold { limit: 100, .. }");
    }
}
