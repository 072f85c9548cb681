//! The progress that a reader reports for each piece of a response: content, the end, and errors.

use llmobs_providers::{Progress, Protocol, ResponseReader};
use serde_json::{Value, json};

/// Content, the end, and an error.
type Flags = (bool, bool, bool);

const NOTHING: Flags = (false, false, false);
const CONTENT: Flags = (true, false, false);
const END: Flags = (false, true, false);
const ERROR: Flags = (false, false, true);

const fn flags(progress: Progress) -> Flags {
    (progress.has_content, progress.is_end, progress.has_error)
}

/// The progress of each event of a stream that a client has split.
fn of_events(events: &[Value]) -> Vec<Option<Flags>> {
    let mut reader = ResponseReader::new();
    events.iter().map(|event| reader.push_event(&event.to_string()).map(flags)).collect()
}

#[test]
fn events_without_tokens_have_no_content() {
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

/// Each of these events is the end of an answer.
#[test]
fn end_events_of_protocols_are_recognized() {
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
    assert_eq!(flags(reader.push(b"data: {\"choices\":[]}\n\n")), NOTHING);
    assert_eq!(flags(reader.push(b"data: [DONE]\n\n")), END);
}

/// Input that is repeated in a response is not content.
#[test]
fn messages_of_the_input_are_not_content() {
    let input =
        json!([{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Hi" }] }]);
    let found = of_events(&[
        json!({ "type": "response.created", "response": { "status": "in_progress", "instructions": input } }),
        json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hello" }),
    ]);
    assert_eq!(found, [Some(NOTHING), Some(CONTENT)]);
}

/// Items that do not belong to an answer do not change it.
#[test]
fn unrelated_items_are_rejected() {
    let mut reader = ResponseReader::new();
    let piece = json!({ "choices": [{ "index": 0, "delta": { "content": "Hi" } }] });
    assert_eq!(reader.push_event(&piece.to_string()).map(flags), Some(CONTENT));
    for other in [json!({ "temperature": 21 }), json!("text"), json!(7)] {
        assert_eq!(reader.push_event(&other.to_string()), None, "{other}");
    }
    let failure = json!({ "error": { "message": "Gone" } });
    assert_eq!(reader.push_event(&failure.to_string()).map(flags), Some(ERROR));
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
fn setting_no_protocol_keeps_the_known_one() {
    let reader = ResponseReader::new().protocol(Protocol::CohereChat).protocol(None);
    assert_eq!(reader.finish().protocol, Some(Protocol::CohereChat));
}
