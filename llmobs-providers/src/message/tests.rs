use serde::Serialize;
use serde_json::{Value, json};

use super::{MediaPart, Message, ToolCall, ToolResult};

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn empty_fields_are_omitted_in_the_wire_form() {
    assert_eq!(text(&Message::default()), r#"{"role":"","content":""}"#);
    assert_eq!(text(&Message::user("Hello")), r#"{"role":"user","content":"Hello"}"#);
    assert_eq!(text(&ToolCall::new("t", ())), r#"{"name":"t","arguments":{}}"#);
    assert_eq!(text(&ToolResult::new("r")), r#"{"result":"r"}"#);
    assert_eq!(
        text(&MediaPart::base64("image/png", "AA==")),
        r#"{"mime_type":"image/png","content":"AA=="}"#
    );
    assert_eq!(
        text(&MediaPart::attachment("audio/wav", "key")),
        r#"{"mime_type":"audio/wav","attachment_key":"key"}"#
    );
}

#[test]
fn the_complete_wire_form() {
    let message = Message::new("assistant", "Let me see.")
        .tool_call(ToolCall::new("weather", json!({ "city": "Paris" })).tool_id("1").kind("function"))
        .tool_call(ToolCall::new("time", json!({})))
        .tool_result(ToolResult::new("rain").name("weather").tool_id("1").kind("tool_result"))
        .audio(MediaPart::attachment("audio/wav", "key"))
        .image(MediaPart::base64("image/png", "AA=="));
    let expected = json!({
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [
            { "name": "weather", "arguments": { "city": "Paris" }, "tool_id": "1", "type": "function" },
            { "name": "time", "arguments": {} },
        ],
        "tool_results": [{ "result": "rain", "name": "weather", "tool_id": "1", "type": "tool_result" }],
        "audio_parts": [{ "mime_type": "audio/wav", "attachment_key": "key" }],
        "image_parts": [{ "mime_type": "image/png", "content": "AA==" }],
    });
    assert_eq!(serde_json::to_value(&message).unwrap(), expected);
    assert_eq!(Value::from(message), expected);
}

#[test]
fn constructors_set_the_role() {
    let messages = [
        Message::system("text"),
        Message::user("text"),
        Message::assistant("text"),
        Message { content: "text".to_owned(), ..Message::tool() },
    ];
    for (message, role) in messages.into_iter().zip(["system", "user", "assistant", "tool"]) {
        assert_eq!(message, Message::new(role, "text"));
    }
}

#[test]
fn arguments_are_an_object() {
    let arguments = |value: Value| Value::from(ToolCall::new("t", value).arguments);
    assert_eq!(arguments(json!({ "a": 1 })), json!({ "a": 1 }));
    assert_eq!(arguments(json!("{\"a\": 1}")), json!({ "a": 1 }));
    assert_eq!(arguments(json!("[1]")), json!({ "value": "[1]" }));
    assert_eq!(arguments(json!([1, 2])), json!({ "value": [1, 2] }));
    assert_eq!(arguments(json!("")), json!({}));
    assert_eq!(arguments(json!(null)), json!({}));
    // Fields are arguments by name.
    assert_eq!(Value::from(ToolCall::new("t", ("umbrella",)).arguments), json!({ "value": ["umbrella"] }));
}

#[test]
fn results_are_texts() {
    let result = |value: Value| ToolResult::new(value).result;
    assert_eq!(result(json!("rain")), "rain");
    assert_eq!(result(json!(null)), "");
    assert_eq!(result(json!({ "a": [1] })), r#"{"a":[1]}"#);
    assert_eq!(result(json!([1, 2])), "[1,2]");
    let parts = json!([{ "type": "text", "text": "a " }, { "type": "image" }, { "type": "tool_use" }, " b"]);
    assert_eq!(result(parts), "a [image][tool_use] b");
}

#[test]
fn all_texts_can_be_edited() {
    let mut message = Message::user("a")
        .tool_call(ToolCall::new("name", json!({ "key": ["b", { "key": "c" }, 1] })).tool_id("id"))
        .tool_result(ToolResult::new("d").name("name"));
    message.for_each_text(&mut |text| *text = text.to_uppercase());
    let expected = Message::user("A")
        .tool_call(ToolCall::new("name", json!({ "key": ["B", { "key": "C" }, 1] })).tool_id("id"))
        .tool_result(ToolResult::new("D").name("name"));
    assert_eq!(message, expected);
}

#[test]
fn serialized_values_are_read_again() {
    let everything = Message::new("assistant", "Let me see.")
        .tool_call(ToolCall::new("weather", json!({ "city": "Paris" })).tool_id("1").kind("function"))
        .tool_result(ToolResult::new("drizzle").name("weather").tool_id("1").kind("tool_result"))
        .image(MediaPart::base64("image/png", "AA=="))
        .audio(MediaPart::attachment("audio/wav", "key"));
    for message in [everything, Message::default(), Message::user("Hello")] {
        assert_eq!(serde_json::from_str::<Message>(&text(&message)).unwrap(), message);
    }
    // Empty lists are kept, and null or unknown fields are ignored.
    let empty = r#"{"role":"user","content":"","tool_calls":[]}"#;
    assert_eq!(text(&serde_json::from_str::<Message>(empty).unwrap()), empty);
    let null = r#"{"role":"user","content":null,"tool_calls":null,"refusal":{}}"#;
    assert_eq!(serde_json::from_str::<Message>(null).unwrap(), Message::user(""));
}

#[test]
fn errors_name_the_invalid_field() {
    let error = |json: &str| serde_json::from_str::<Message>(json).unwrap_err().to_string();
    assert_eq!(error(r#"{"role":5}"#), "role: invalid type: integer `5`, expected a string");
    assert_eq!(
        error(r#"{"tool_calls":[{"name":"f","arguments":[]}]}"#),
        "tool_calls: arguments: invalid type: sequence, expected a map"
    );
    assert_eq!(error(r#"{"tool_calls":[{}]}"#), "tool_calls: missing field `name`");
    assert_eq!(
        error(r#"{"image_parts":[{"mime_type":"image/png"}]}"#),
        "image_parts: expected one of `content` and `attachment_key`"
    );
}
