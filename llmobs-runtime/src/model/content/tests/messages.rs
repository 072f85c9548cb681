//! Requests and responses in the shapes of the chat APIs, written for these tests.

use serde_json::{Value, json};

use super::{Given, annotated, arguments, input, output, returned};
use crate::base::kind::Kind;
use crate::model::captured::Source;

/// Returns the input of an `llm` function with these arguments.
fn llm_input(fields: &str) -> Value {
    input(Kind::Llm, arguments(fields))
}

/// Returns the input of an `llm` function with one argument.
fn request(value: &Value) -> Value {
    llm_input(&format!("\"request\":{value}"))
}

fn llm_output(value: &Value) -> Value {
    output(Kind::Llm, returned(value))
}

#[test]
fn a_single_string_is_a_message_of_the_user_or_assistant() {
    let user = json!({ "messages": [{ "role": "user", "content": "{\"Why\"?" }] });
    assert_eq!(llm_input(r#""prompt":"{\"Why\"?""#), user);
    let assistant = json!({ "messages": [{ "role": "assistant", "content": "Because.\n" }] });
    assert_eq!(llm_output(&json!("Because.\n")), assistant);
}

#[test]
fn each_message_of_a_list_is_shown() {
    let list = json!([
        { "role": "system", "content": "Be brief.", "name": "ops", "cache_control": { "type": "ephemeral" } },
        { "role": "user", "content": "" },
        { "role": "assistant", "content": null, "refusal": null },
    ]);
    let shown = json!({ "messages": [
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "" },
        { "role": "assistant", "content": "" },
    ] });
    assert_eq!(request(&list), shown);
    assert_eq!(llm_output(&list), shown);
    assert_eq!(request(&list[0]), json!({ "messages": [{ "role": "system", "content": "Be brief." }] }));
}

#[test]
fn messages_of_several_arguments_are_joined_in_order() {
    assert_eq!(
        llm_input(
            r#""model":"m-1","system":{"role":"system","content":"S"},"history":[{"role":"user","content":"U"}],
               "temperature":0.5,"api":{"messages":[{"role":"assistant","content":"A"}]},"stop":["a","b"]"#
        ),
        json!({ "messages": [
            { "role": "system", "content": "S" },
            { "role": "user", "content": "U" },
            { "role": "assistant", "content": "A" },
        ] })
    );
}

#[test]
fn arguments_without_messages_are_shown_as_json() {
    let shown = |text: &str| json!({ "messages": [{ "role": "user", "content": text }] });
    for fields in [
        r#""system":"Be brief.","prompt":"Why?""#,
        r#""temperature":0.5"#,
        r#""request":{"name":"m","input":"Why?"}"#,
        r#""parts":[{"role":"user","content":"U"},{"role":7,"content":"not a message"}]"#,
        r#""message":{"role":"user","content":{"neither":"text nor parts"}}"#,
        r#""message":{"role":"user"}"#,
    ] {
        assert_eq!(llm_input(fields), shown(&format!("{{{fields}}}")));
    }
    assert_eq!(
        llm_output(&json!(["a", "b"])),
        json!({ "messages": [{ "role": "assistant", "content": r#"["a","b"]"# }] })
    );
    assert_eq!(llm_output(&json!(42)), json!({ "messages": [{ "role": "assistant", "content": "42" }] }));
    let no_message = json!({ "choices": [{ "words": "neither text nor message" }] });
    assert_eq!(
        llm_output(&no_message),
        json!({ "messages": [{ "role": "assistant", "content": no_message.to_string() }] })
    );
}

#[test]
fn an_empty_list_next_to_other_arguments_does_not_hide_them() {
    let fields = r#""prompt":"Why?","stop":[]"#;
    let shown = json!({ "messages": [{ "role": "user", "content": format!("{{{fields}}}") }] });
    assert_eq!(llm_input(fields), shown);
    assert_eq!(
        llm_input(r#""history":[],"next":{"role":"user","content":"Why?"},"stop":[]"#),
        json!({ "messages": [{ "role": "user", "content": "Why?" }] })
    );
    // A single empty list is an empty conversation, which is not shown.
    assert_eq!(request(&json!([])), Value::Null);
    assert_eq!(request(&json!({ "model": "m", "messages": [] })), Value::Null);
}

#[test]
fn a_value_at_the_depth_limit_does_not_hide_messages() {
    let deep = annotated(&(0..130).fold(json!(1), |inner, _| json!([inner]))).0;
    assert_eq!(
        llm_input(&format!("\"schema\":{deep},\"messages\":[{{\"role\":\"user\",\"content\":\"U\"}}]")),
        json!({ "messages": [{ "role": "user", "content": "U" }] })
    );
}

#[test]
fn a_chat_request_of_openai() {
    let body = json!({
        "model": "gpt-4.1-mini",
        "temperature": 0.2,
        "max_completion_tokens": 200,
        "messages": [
            { "role": "developer", "content": "Answer from the catalogue." },
            { "role": "user", "content": [
                { "type": "text", "text": "Which bulb fits " },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low" } },
                { "type": "text", "text": " this lamp?" },
            ] },
            { "role": "assistant", "content": null, "tool_calls": [{
                "id": "call_lamp_1", "type": "function",
                "function": { "name": "find_bulb", "arguments": "{\"socket\":\"E27\",\"watts\":[40,60]}" },
            }] },
            { "role": "tool", "tool_call_id": "call_lamp_1", "content": "[\"LED 8W\"]" },
        ],
        "tools": [{ "type": "function", "function": { "name": "find_bulb", "parameters": { "type": "object" } } }],
    });
    assert_eq!(
        request(&body),
        json!({ "messages": [
            { "role": "developer", "content": "Answer from the catalogue." },
            { "role": "user", "content": "Which bulb fits \n[image: image/png, 8 bytes]\n this lamp?" },
            { "role": "assistant", "content": "", "tool_calls": [{
                "name": "find_bulb", "arguments": { "socket": "E27", "watts": [40, 60] },
                "tool_id": "call_lamp_1", "type": "function",
            }] },
            { "role": "tool", "content": "", "tool_results": [{ "result": "[\"LED 8W\"]", "tool_id": "call_lamp_1" }] },
        ] })
    );
}

#[test]
fn a_chat_response_of_openai() {
    let body = json!({
        "id": "chatcmpl-Test0001", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-4.1-mini-2025-04-14",
        "choices": [
            { "index": 0, "logprobs": null, "finish_reason": "stop", "message": {
                "role": "assistant", "content": "An \"E27\" one.", "refusal": null, "annotations": [],
            } },
            { "index": 1, "logprobs": null, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": null, "refusal": null, "annotations": [], "tool_calls": [
                    { "id": "call_a", "type": "function",
                      "function": { "name": "find_bulb", "arguments": "{\"socket\":\"E14\"}" } },
                    { "id": "call_b", "type": "function", "function": { "name": "now", "arguments": "{}" } },
                    { "id": "call_c", "type": "function", "function": { "name": "odd", "arguments": "{\"cut\": " } },
                ],
            } },
        ],
        "usage": { "prompt_tokens": 31, "completion_tokens": 12, "total_tokens": 43 },
        "service_tier": "default", "system_fingerprint": null,
    });
    assert_eq!(
        llm_output(&body),
        json!({ "messages": [
            { "role": "assistant", "content": "An \"E27\" one." },
            { "role": "assistant", "content": "", "tool_calls": [
                { "name": "find_bulb", "arguments": { "socket": "E14" }, "tool_id": "call_a", "type": "function" },
                { "name": "now", "arguments": {}, "tool_id": "call_b", "type": "function" },
                { "name": "odd", "arguments": { "value": "{\"cut\": " }, "tool_id": "call_c", "type": "function" },
            ] },
        ] })
    );
}

#[test]
fn a_request_of_anthropic() {
    let mut body = json!({
        "model": "claude-sonnet-4-5", "max_tokens": 300, "stream": false,
        "system": "You sell lamps.",
        "messages": [
            { "role": "user", "content": "Is the desk lamp in stock?" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "Ask the store.", "signature": "c2ln" },
                { "type": "text", "text": "Let me look." },
                { "type": "tool_use", "id": "toolu_test_1", "name": "stock", "input": { "item": "desk lamp" } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "toolu_test_1", "content": "{\"count\": 3}" },
                { "type": "tool_result", "tool_use_id": "toolu_test_2", "is_error": true, "content": [
                    { "type": "text", "text": "no such item" },
                    { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
                ] },
                { "type": "tool_result", "tool_use_id": "toolu_test_3" },
                { "type": "text", "text": "And?" },
            ] },
        ],
        "tools": [{ "name": "stock", "description": "Counts items.", "input_schema": { "type": "object" } }],
    });
    let shown = json!({ "messages": [
        { "role": "system", "content": "You sell lamps." },
        { "role": "user", "content": "Is the desk lamp in stock?" },
        { "role": "reasoning", "content": "Ask the store." },
        { "role": "assistant", "content": "Let me look.", "tool_calls": [
            { "name": "stock", "arguments": { "item": "desk lamp" }, "tool_id": "toolu_test_1", "type": "tool_use" },
        ] },
        { "role": "user", "content": "", "tool_results": [
            { "result": "{\"count\": 3}", "tool_id": "toolu_test_1", "type": "tool_result" },
            { "result": "[error]\nno such item\n[image: image/png, 3 bytes]", "tool_id": "toolu_test_2", "type": "tool_result" },
            { "result": "", "tool_id": "toolu_test_3", "type": "tool_result" },
        ] },
        { "role": "user", "content": "And?" },
    ] });
    assert_eq!(request(&body), shown);
    body["system"] = json!([
        { "type": "text", "text": "You sell lamps.", "cache_control": { "type": "ephemeral" } },
    ]);
    assert_eq!(request(&body), shown);
    // An annotated request is shown in the same way.
    assert_eq!(input(Kind::Llm, annotated(&body)), shown);
}

#[test]
fn a_response_of_anthropic() {
    let body = json!({
        "id": "msg_test_0001", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [
            { "type": "text", "text": "I will count." },
            { "type": "tool_use", "id": "toolu_test_9", "name": "stock", "input": {} },
        ],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": { "input_tokens": 31, "cache_read_input_tokens": 0, "output_tokens": 12, "service_tier": "standard" },
    });
    let shown = json!({ "messages": [{ "role": "assistant", "content": "I will count.", "tool_calls": [
        { "name": "stock", "arguments": {}, "tool_id": "toolu_test_9", "type": "tool_use" },
    ] }] });
    assert_eq!(llm_output(&body), shown);
    assert_eq!(output(Kind::Llm, annotated(&body)), shown);
}

#[test]
fn annotated_texts_have_no_role() {
    let shown = |value: Value| {
        let [llm_input, llm_output] =
            [input(Kind::Llm, annotated(&value)), output(Kind::Llm, annotated(&value))];
        assert_eq!(llm_input, llm_output);
        llm_input
    };
    assert_eq!(shown(json!("Why?")), json!({ "messages": [{ "role": "", "content": "Why?" }] }));
    assert_eq!(
        shown(
            json!(["a", { "content": "b" }, { "role": "tool" }, { "role": null, "content": "c", "id": 4 }])
        ),
        json!({ "messages": [
            { "role": "", "content": "a" },
            { "role": "", "content": "b" },
            { "role": "tool", "content": "" },
            { "role": "", "content": "c" },
        ] })
    );
    assert_eq!(shown(json!({ "content": "b" })), json!({ "messages": [{ "role": "", "content": "b" }] }));
    assert_eq!(shown(json!([])), Value::Null);
    // Other values are kept as text.
    assert_eq!(shown(json!(7)), json!({ "messages": [{ "role": "", "content": "7" }] }));
    assert_eq!(shown(json!(["a", 1])), json!({ "messages": [{ "role": "", "content": "[\"a\",1]" }] }));
    assert_eq!(shown(json!({ "q": 1 })), json!({ "messages": [{ "role": "", "content": "{\"q\":1}" }] }));
}

#[test]
fn messages_in_the_form_of_datadog_can_be_annotated() {
    let list = json!([
        { "role": "assistant", "tool_calls": [
            { "name": "stock", "arguments": { "item": "lamp" }, "tool_id": "t-1", "type": "function" },
            { "name": "bare", "arguments": {} },
        ] },
        { "role": "tool", "tool_results": [
            { "result": "3", "name": "stock", "tool_id": "t-1", "type": "function_result" },
            { "result": "" },
        ] },
    ]);
    let mut shown = list.clone();
    shown[0]["content"] = json!("");
    shown[1]["content"] = json!("");
    assert_eq!(input(Kind::Llm, annotated(&list)), json!({ "messages": shown }));
    // A single message, and one without a role.
    assert_eq!(output(Kind::Llm, annotated(&list[1])), json!({ "messages": [shown[1]] }));
    assert_eq!(
        output(Kind::Llm, annotated(&json!({ "tool_results": [{ "result": "3" }] }))),
        json!({ "messages": [{ "role": "", "content": "", "tool_results": [{ "result": "3" }] }] })
    );
}

#[test]
fn malformed_parts_are_kept_as_far_as_possible() {
    let list = json!([
        { "tool_calls": [
            { "name": "ok", "arguments": {} },
            { "arguments": { "lost": 1 } },
            { "name": "", "query": "why" },
            { "name": 7, "arguments": [1], "tool_id": 8, "type": ["no text"] },
            { "id": "c-1", "type": "custom", "custom": { "name": "grep", "input": "needle" } },
            { "function": "f" },
            "bare",
            null,
        ] },
        { "tool_calls": { "name": "alone", "arguments": { "a": 1 } } },
        { "tool_results": [{ "result": "ok" }, { "result": 7 }, { "content": "c", "tool_id": "1" }, { "found": 2 }, "bare", 3] },
        { "audio_parts": [
            { "mime_type": "a/b", "content": "Qg==", "attachment_key": "k" },
            { "mime_type": "a/b" },
            { "mime_type": "a/b", "attachment_key": "" },
            { "mime_type": "a/b", "attachment_key": "k" },
        ] },
        { "image_parts": [{ "content": "Qg==" }, { "mime_type": 1, "attachment_key": "k" }, "Qg==", 4] },
        { "tool_calls": "call", "tool_results": "result", "audio_parts": "sound", "image_parts": 5 },
    ]);
    let unknown = "application/octet-stream";
    let shown = json!({ "messages": [
        { "role": "", "content": "", "tool_calls": [
            { "name": "ok", "arguments": {} },
            { "name": "", "arguments": { "lost": 1 } },
            { "name": "", "arguments": { "name": "", "query": "why" } },
            { "name": "7", "arguments": { "value": [1] }, "tool_id": "8" },
            { "name": "grep", "arguments": { "value": "needle" }, "tool_id": "c-1", "type": "custom" },
            { "name": "", "arguments": { "function": "f" } },
            { "name": "", "arguments": { "value": "bare" } },
            { "name": "", "arguments": {} },
        ] },
        { "role": "", "content": "", "tool_calls": [{ "name": "alone", "arguments": { "a": 1 } }] },
        { "role": "", "content": "", "tool_results": [
            { "result": "ok" },
            { "result": "7" },
            { "result": "c", "tool_id": "1" },
            { "result": r#"{"found":2}"# },
            { "result": "bare" },
            { "result": "3" },
        ] },
        { "role": "", "content": "", "audio_parts": [
            { "mime_type": "a/b", "content": "Qg==" },
            { "mime_type": "a/b", "attachment_key": "k" },
        ] },
        { "role": "", "content": "", "image_parts": [
            { "mime_type": unknown, "content": "Qg==" },
            { "mime_type": unknown, "attachment_key": "k" },
            { "mime_type": unknown, "content": "Qg==" },
        ] },
        {
            "role": "", "content": "",
            "tool_calls": [{ "name": "", "arguments": { "value": "call" } }],
            "tool_results": [{ "result": "result" }],
            "audio_parts": [{ "mime_type": unknown, "content": "sound" }],
        },
    ] });
    assert_eq!(input(Kind::Llm, annotated(&list)), shown);
    // A captured value is read in the same way if it has a role.
    let with_role = list.as_array().unwrap().iter().cloned().map(|mut message| {
        message["role"] = json!("");
        message
    });
    assert_eq!(llm_output(&with_role.collect()), shown);
}

#[test]
fn empty_lists_of_a_message_are_kept_as_in_the_reference_sdk() {
    let empty = json!({ "role": "assistant", "content": "", "tool_calls": [], "tool_results": [], "audio_parts": [], "image_parts": [] });
    let shown = json!({ "messages": [empty] });
    assert_eq!(input(Kind::Llm, annotated(&empty)), shown);
    assert_eq!(llm_output(&empty), shown);
    assert_eq!(
        input(Kind::Llm, annotated(&json!({ "tool_calls": [], "tool_results": null }))),
        json!({ "messages": [{ "role": "", "content": "", "tool_calls": [] }] })
    );
    let text = json!({ "messages": [{ "role": "assistant", "content": "" }] });
    assert_eq!(input(Kind::Llm, annotated(&llmobs_providers::Message::assistant(""))), text);
}

#[test]
fn notes_about_cut_items_are_kept() {
    let note = "… [12 more]";
    let message = json!({
        "role": "", "content": "",
        "tool_calls": [{ "name": "f", "arguments": {} }, note, { "…": note }],
        "tool_results": [{ "result": "r" }, note],
        "image_parts": [{ "mime_type": "image/png", "content": "Qg==" }, note],
    });
    let mut shown = message.clone();
    shown["tool_calls"] = json!([{ "name": "f", "arguments": {} }, { "name": note, "arguments": {} }, { "name": "", "arguments": { "…": note } }]);
    shown["tool_results"][1] = json!({ "result": note });
    shown["image_parts"].as_array_mut().unwrap().pop();
    assert_eq!(llm_output(&message), json!({ "messages": [shown] }));
}

#[test]
fn a_cut_conversation_keeps_the_messages_after_a_large_part() {
    let image = "i".repeat(10_000);
    let messages = json!([
        { "role": "user", "content": [
            { "type": "image", "source": { "type": "base64", "data": image } },
            { "type": "text", "text": "What is it?" },
        ] },
        { "role": "assistant", "content": "A cat." },
    ]);
    for limit in (2_000..12_000).step_by(97) {
        let mut json = "{\"messages\":".to_owned();
        llmobs_capture::serialize(&messages, limit, &mut json);
        json.push('}');
        let read = input(Kind::Llm, Given(json, Source::Arguments));
        let read = read["messages"].as_array().unwrap();
        let contents: Vec<&str> = read.iter().map(|message| message["content"].as_str().unwrap()).collect();
        assert_eq!(contents, ["[image: 7500 bytes]\nWhat is it?", "A cat."], "{limit}");
    }
}

#[test]
fn a_note_about_a_cut_is_a_message_or_a_part() {
    let cut_list = json!([{ "role": "user", "content": "Why?" }, "… [first 9 bytes]"]);
    let cut_message = json!([{ "role": "user", "…": "… [first 9 bytes]" }]);
    let cut_parts =
        json!([{ "role": "user", "content": [{ "type": "text", "text": "Why?" }, "… [first 9 bytes]"] }]);
    let cut_part = json!([{ "role": "user", "content": [{ "…": "… [first 9 bytes]" }] }]);
    let contents = [cut_list, cut_message, cut_parts, cut_part].map(|messages| {
        let read = request(&messages);
        let read = read["messages"].as_array().unwrap().iter();
        read.map(|message| message["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    let note = "… [first 9 bytes]";
    let expected = [vec!["Why?", note], vec![note], vec!["Why?\n… [first 9 bytes]"], vec![note]];
    assert_eq!(contents.each_ref().map(Vec::as_slice), expected.each_ref().map(Vec::as_slice));
}

/// All arguments with messages of a library are read, also next to a request of another library.
#[test]
fn messages_of_libraries_are_read_without_a_model() {
    let cases = [
        r#""system":{"role":"System","content":[{"Text":"Be brief."}]},"history":[{"role":"User","content":[{"Text":"Why?"}]}]"#,
        r#""request":{"system":"Be brief.","messages":[{"role":"User","content":[{"Text":"Why?"}]}]},"trace":"t""#,
        r#""request":{"model":null,"chat_history":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Why?"}]}],"documents":[],"tools":[],"additional_params":null}"#,
    ];
    let shown = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Why?" }]);
    for fields in cases {
        assert_eq!(input(Kind::Llm, arguments(fields)), json!({ "messages": shown }), "{fields}");
    }
}
