//! Serialized values of Rust libraries. The expected data was written by hand.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use std::path::Path;

use llmobs_providers::json::Json;
use llmobs_providers::{
    Attributes, McpResult, Message, Protocol, Request, Response, ResponseReader, ToolCall, ToolDefinition,
    conversation,
};
use serde::Serialize;
use serde_json::{Value, json};
use support::{LIMIT, compare, compare_response, files_below, fixtures, without_empty};

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/forms_rust");
    let load = |path: &Path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files_below(&folder).iter().map(|path| (name(path), load(path))).collect()
}

fn to_value(read: impl Serialize) -> Value {
    without_empty(&serde_json::to_value(read).unwrap())
}

/// The differences from the expected data of one side of a value.
fn differences(name: &str, side: &str, value: &Value, expected: &Value) -> Vec<String> {
    let text = value.to_string();
    let json = Json::read(&text).unwrap();
    let mut lines = Vec::new();
    match side {
        "response" => {
            compare_response(&to_value(Response::read(&json, None, LIMIT)), expected, &mut lines);
            if name.contains("stream") {
                compare_response(&to_value(read_events(value)), expected, &mut lines);
            }
        }
        "request" => {
            compare(side, &to_value(Request::read(&json, None, LIMIT)), &without_empty(expected), &mut lines);
        }
        "call" => compare(side, &to_value(ToolCall::read_mcp(&json)), expected, &mut lines),
        "result" => {
            let read = McpResult::read(&json, LIMIT).map(|read| read.result);
            compare(side, &to_value(read), expected, &mut lines);
        }
        "is_error" => {
            assert_eq!(McpResult::read(&json, LIMIT).unwrap().is_error, expected.as_bool().unwrap());
        }
        "tools" => compare(side, &to_value(ToolDefinition::read_all(value)), expected, &mut lines),
        _ => lines.push(format!("{side} is not known")),
    }
    lines
}

/// Reads the events of a stream one by one.
fn read_events(events: &Value) -> Response {
    let text = events.to_string();
    let protocol = Protocol::of_answer("", &Json::read(&text).unwrap());
    let mut reader = ResponseReader::new().protocol(protocol);
    for event in events.as_array().unwrap() {
        reader.push(format!("data: {event}\n\n").as_bytes());
    }
    reader.finish()
}

#[test]
fn every_value_is_read_as_expected() {
    let mut wrong = Vec::new();
    for (name, file) in files() {
        for (side, expected) in file["expect"].as_object().unwrap() {
            let lines = differences(&name, side, &file["value"], expected);
            if !lines.is_empty() {
                wrong.push(format!("{name}:\n  {}", lines.join("\n  ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files().len(), wrong.join("\n"));
}

/// A stream that breaks off keeps its data.
#[test]
fn events_can_break_off_anywhere() {
    for (name, file) in files() {
        let Some(events) = file["value"].as_array().filter(|_| name.contains("stream")) else { continue };
        let mut before = 0;
        for end in 1..=events.len() {
            let read = read_events(&events[..end].to_vec().into());
            let bytes: usize = read.messages.iter().map(|message| message.content.len()).sum();
            assert!(bytes >= before, "{name} after {end}: {read:?}");
            before = bytes;
        }
    }
}

fn is_library(protocol: Option<Protocol>) -> bool {
    matches!(protocol, Some(Protocol::Genai | Protocol::Rig | Protocol::Adk | Protocol::Swiftide))
}

#[test]
fn unrelated_values_are_not_recognized() {
    for value in [
        json!([]),
        json!({}),
        json!({ "role": "user", "content": "Hi" }),
        json!({ "messages": [{ "role": "user", "content": "Hi" }] }),
        json!([{ "type": "text", "text": "Hi" }]),
        json!({ "chat_history": [{ "role": "USER", "message": "Hi" }], "message": "Hi" }),
        json!({ "choices": [], "End": {} }),
        json!({ "input": ["one"] }),
        json!({ "id": "1", "message": "Hi" }),
        json!({ "id": "1", "message": "Hi", "tool_calls": [], "finish_reason": "stop" }),
        json!({ "id": "1", "message": { "role": "assistant" }, "tool_calls": [] }),
        json!({ "id": "1", "message": "Hi", "tool_calls": [{ "id": "a", "function": { "name": "f" } }] }),
        json!({ "model": "m", "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] }),
        json!({ "model": "m", "contents": "Hi", "config": { "temperature": 0 } }),
        json!({ "model": "m", "contents": [], "config": { "system_instruction": "Hi" } }),
        json!({ "content": { "parts": [] }, "partial": true }),
    ] {
        let text = value.to_string();
        let json = Json::read(&text).unwrap();
        for protocol in [Protocol::of_request(&json), Protocol::of_answer("", &json)] {
            assert!(!is_library(protocol), "{value}");
        }
        assert_eq!(McpResult::read(&json, LIMIT), None, "{value}");
        assert_eq!(ToolCall::read_mcp(&json), None, "{value}");
    }
}

/// Messages of agent-framework have `contents`, like requests of Gemini.
#[test]
fn messages_of_agent_framework_are_not_a_request() {
    let message = json!({ "role": "user", "contents": [{ "type": "text", "text": "Hi" }] });
    let text = message.to_string();
    let json = Json::read(&text).unwrap();
    assert_eq!(Protocol::of_request(&json), None);
    assert_eq!(conversation::messages(&json), Some(vec![Message::user("Hi")]));
    let text = json!([message, message]).to_string();
    let json = Json::read(&text).unwrap();
    assert_eq!(conversation::messages(&json), Some(vec![Message::user("Hi"), Message::user("Hi")]));
}

/// Requests and answers of providers are not treated as values of libraries.
#[test]
fn protocols_of_providers_are_recognized() {
    for fixture in fixtures() {
        let request = Json::read(&fixture.request).unwrap();
        assert!(!is_library(Protocol::of_request(&request)), "{}", fixture.name);
        let answer = String::from_utf8_lossy(&fixture.answer);
        for text in answer.lines().map(|line| line.trim_start_matches("data:")).chain([answer.as_ref()]) {
            let Some(json) = Json::read(text) else { continue };
            for json in json.items().iter().chain([&json]) {
                assert!(!is_library(Protocol::of_answer("", json)), "{}: {text}", fixture.name);
            }
        }
    }
}

/// Replaces one nested value after the other with `with`.
fn for_each_replacement(
    value: &mut Value,
    with: &Value,
    path: &mut Vec<String>,
    root: &mut dyn FnMut(&[String], &Value),
) {
    root(path, with);
    let inner: Vec<(String, &mut Value)> = match value {
        Value::Object(fields) => fields.iter_mut().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter_mut().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in inner {
        path.push(name);
        for_each_replacement(value, with, path, root);
        path.pop();
    }
}

/// The value at a path.
fn at<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(value, |value, name| match value {
        Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        other => &mut other[name],
    })
}

#[test]
fn values_of_wrong_types_are_harmless() {
    let wrong = [json!(-1), json!("x"), json!([[1]]), json!({ "a": "b" })];
    for (_, file) in files() {
        for with in &wrong {
            let value = &file["value"];
            for_each_replacement(&mut value.clone(), with, &mut Vec::new(), &mut |path, with| {
                let mut changed = value.clone();
                *at(&mut changed, path) = with.clone();
                let text = changed.to_string();
                let json = Json::read(&text).unwrap();
                for protocol in [None, Some(Protocol::Genai), Some(Protocol::Rig), Some(Protocol::Adk)] {
                    let _ = Request::read(&json, protocol, LIMIT);
                    let _ = Response::read(&json, protocol, LIMIT);
                }
                let _ = (
                    McpResult::read(&json, LIMIT),
                    ToolCall::read_mcp(&json),
                    Attributes::read(&json, LIMIT),
                );
                let _ = ToolDefinition::read_all(&changed);
            });
        }
    }
}
