//! The progress that a reader reports for each piece of a response: content, the end, and errors.

use llmobs_providers::{Progress, Protocol, ResponseReader};
use serde_json::{Value, json};

/// Content, the end, and an error.
type Said = (bool, bool, bool);

const NOTHING: Said = (false, false, false);
const CONTENT: Said = (true, false, false);
const END: Said = (false, true, false);
const ERROR: Said = (false, false, true);

const fn said(progress: Progress) -> Said {
    (progress.has_content, progress.is_end, progress.has_error)
}

/// The progress of each event of a stream that a client has split.
fn of_events(events: &[Value]) -> Vec<Option<Said>> {
    let mut reader = ResponseReader::new();
    events.iter().map(|event| reader.push_event(&event.to_string()).map(said)).collect()
}

#[test]
fn the_first_token_is_not_the_frame() {
    let found = of_events(&[
        json!({ "type": "message_start", "message": { "role": "assistant", "content": [], "usage": { "input_tokens": 3 } } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Hi" } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "content_block_start", "index": 1,
            "content_block": { "type": "tool_use", "id": "t", "name": "look", "input": {} } }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 2 } }),
        json!({ "type": "message_stop" }),
        json!({ "type": "error", "error": { "type": "api_error", "message": "late" } }),
        json!({ "type": "error", "error": { "type": "api_error", "message": "later" } }),
    ]);
    let expected = [NOTHING, NOTHING, CONTENT, NOTHING, CONTENT, NOTHING, END, ERROR, NOTHING];
    assert_eq!(found, expected.map(Some));
}

/// The last of these events is the end.
#[test]
fn protocols_that_mark_their_end() {
    let cases = [
        (Protocol::OpenAiResponses, json!({ "type": "response.completed", "response": {} })),
        (Protocol::OpenAiResponses, json!({ "type": "response.incomplete", "response": {} })),
        (Protocol::AnthropicMessages, json!({ "type": "message_stop" })),
        (Protocol::CohereChat, json!({ "type": "message-end", "delta": {} })),
        (Protocol::CohereChatV1, json!({ "event_type": "stream-end", "response": {} })),
        (Protocol::OllamaChat, json!({ "model": "m", "message": {}, "done": true })),
        (Protocol::OllamaGenerate, json!({ "model": "m", "response": "", "done": true })),
        (Protocol::BedrockConverse, json!({ "metadata": { "usage": { "inputTokens": 1 } } })),
        (Protocol::BedrockInvoke, json!({ "amazon-bedrock-invocationMetrics": { "inputTokenCount": 1 } })),
        (Protocol::Genai, json!({ "End": { "captured_usage": null } })),
    ];
    for (protocol, event) in cases {
        let mut reader = ResponseReader::new().protocol(protocol);
        let mut push = || reader.push(format!("data: {event}\n\n").as_bytes()).is_end;
        assert_eq!((push(), push()), (true, false), "{event}");
    }
    let mut reader = ResponseReader::new();
    assert_eq!(said(reader.push(b"data: {\"choices\":[]}\n\n")), NOTHING);
    assert_eq!(said(reader.push(b"data: [DONE]\n\n")), END);
}

/// Input that a response repeats is not a token of it.
#[test]
fn messages_of_the_input_are_no_content() {
    let input =
        json!([{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Hi" }] }]);
    let found = of_events(&[
        json!({ "type": "response.created", "response": { "status": "in_progress", "instructions": input } }),
        json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hello" }),
    ]);
    assert_eq!(found, [Some(NOTHING), Some(CONTENT)]);
}

/// What does not belong to an answer changes nothing of it.
#[test]
fn items_of_another_form_are_refused() {
    let mut reader = ResponseReader::new();
    let piece = json!({ "choices": [{ "index": 0, "delta": { "content": "Hi" } }] });
    assert_eq!(reader.push_event(&piece.to_string()).map(said), Some(CONTENT));
    for other in [json!({ "temperature": 21 }), json!("text"), json!(7)] {
        assert_eq!(reader.push_event(&other.to_string()), None, "{other}");
    }
    let failure = json!({ "error": { "message": "Gone" } });
    assert_eq!(reader.push_event(&failure.to_string()).map(said), Some(ERROR));
    let found = serde_json::to_value(reader.finish()).unwrap_or_default();
    assert_eq!(
        found,
        json!({
            "protocol": "openai.chat",
            "messages": [{ "role": "assistant", "content": "Hi" }],
            "error": { "message": "Gone" },
        })
    );
}

/// A configured protocol is kept.
#[test]
fn no_protocol_leaves_the_one_that_is_known() {
    let reader = ResponseReader::new().protocol(Protocol::CohereChat).protocol(None);
    assert_eq!(reader.finish().protocol, Some(Protocol::CohereChat));
}
