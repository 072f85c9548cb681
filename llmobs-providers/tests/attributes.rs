//! Attributes of spans, and what has to be read from them. The expectations were written by hand.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::path::Path;

use llmobs_providers::json::Json;
use llmobs_providers::{Attributes, Convention};
use serde_json::{Value, json};
use support::{LIMIT, compare, compare_response, files_below, without_empty};

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/forms");
    let files = files_below(&folder).into_iter();
    let load = |path: &Path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    files.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), load(&path))).collect()
}

fn read(attributes: &Value) -> Option<Attributes> {
    Attributes::read(&Json::read(&attributes.to_string()).unwrap(), LIMIT)
}

/// The convention takes the place of the protocol.
fn with_convention(side: impl serde::Serialize, convention: Convention) -> Value {
    let mut side = serde_json::to_value(side).unwrap();
    side["protocol"] = convention.name().into();
    side
}

#[test]
fn every_span_is_read_as_expected() {
    let mut wrong = Vec::new();
    for (name, file) in files() {
        let Some(found) = read(&file["attributes"]) else {
            wrong.push(format!("{name}: nothing was read"));
            continue;
        };
        let mut lines = Vec::new();
        let request = with_convention(&found.request, found.convention);
        compare("request", &without_empty(&request), &without_empty(&file["expect"]["request"]), &mut lines);
        let response = with_convention(&found.response, found.convention);
        compare_response(&response, &file["expect"]["response"], &mut lines);
        if !lines.is_empty() {
            wrong.push(format!("{name}:\n  {}", lines.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files().len(), wrong.join("\n"));
}

/// Exporters write values that are no texts in different ways.
#[test]
fn values_may_be_texts() {
    for (name, file) in files() {
        let mut texts = file["attributes"].clone();
        for (key, value) in texts.as_object_mut().unwrap() {
            // A flag or a number of a parameter keeps its form.
            if !value.is_string()
                && (value.is_array() || key.contains("usage") || key.contains("token_count"))
            {
                *value = value.to_string().into();
            }
        }
        let (given, texts) = (read(&file["attributes"]).unwrap(), read(&texts).unwrap());
        assert_eq!(texts.response, given.response, "{name}");
        assert_eq!(texts.request.messages, given.request.messages, "{name}");
        assert_eq!(texts.request.tools, given.request.tools, "{name}");
    }
}

#[test]
fn spans_without_a_call_of_a_model_are_none() {
    for attributes in [
        json!({}),
        json!([]),
        json!({ "http.route": "/", "llm": 1 }),
        json!({ "openinference.span.kind": "CHAIN", "input.value": "x" }),
    ] {
        assert_eq!(read(&attributes), None, "{attributes}");
    }
}

/// Attributes are cut at the limit of an exporter, which leaves no JSON.
#[test]
fn messages_that_were_cut_are_texts() {
    let cut = r#"[{"role":"user","parts":[{"type":"text","content":"Once upon"#;
    let found =
        read(&json!({ "gen_ai.input.messages": cut, "gen_ai.output.messages": "[{\"role\"" })).unwrap();
    assert_eq!(
        (found.request.messages[0].role.as_str(), found.request.messages[0].content.as_str()),
        ("user", cut)
    );
    assert_eq!(found.response.messages[0].content, "[{\"role\"");
}

#[test]
fn hostile_indexes_and_names_are_harmless() {
    let deep = format!("llm.input_messages.0{}", ".message.contents.0".repeat(50_000));
    let found = read(&json!({
        "llm.input_messages.18446744073709551615.message.content": "last",
        "llm.input_messages.99999999999999999999999.message.content": "no number",
        "llm.input_messages.3.message.content": "first",
        "llm.input_messages..message.content": "none",
        "llm.model_name": 7,
        deep: 1,
    }))
    .unwrap();
    let contents: Vec<_> = found.request.messages.iter().map(|message| message.content.as_str()).collect();
    // Of the deep name nothing is known but that there is a part.
    assert_eq!(contents, ["[unknown]", "first", "last"]);
}

#[test]
fn values_of_wrong_types_are_harmless() {
    let wrong =
        [json!(null), json!(-1), json!("["), json!("[[1],{}]"), json!([[1], null]), json!({ "a": "b" })];
    for (_, file) in files() {
        for key in file["attributes"].as_object().unwrap().keys() {
            for with in &wrong {
                let mut changed = file["attributes"].clone();
                changed[key] = with.clone();
                let _ = read(&changed);
            }
        }
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let long = "word ".repeat(100_000);
    let messages: Vec<_> = (0..5000)
        .map(|_| json!({ "role": "user", "parts": [{ "type": "text", "content": "hi" }] }))
        .collect();
    for attributes in [
        json!({ "gen_ai.input.messages": messages, "gen_ai.response.finish_reasons": vec![&long; 20] }),
        json!({ "gen_ai.prompt.0.content": long, "gen_ai.completion.0.content": long, "llm.request.type": "chat" }),
        json!({ "reranker.query": long, "reranker.output_documents.0.document.content": long, "reranker.model_name": long }),
    ] {
        let found = Attributes::read(&Json::read(&attributes.to_string()).unwrap(), 1000).unwrap();
        let kept = serde_json::to_string(&(&found.request, &found.response)).unwrap().len();
        assert!(kept < 200_000, "{kept}");
    }
}
