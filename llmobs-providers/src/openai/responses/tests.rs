use serde_json::{Value, json};

use crate::stream::ResponseReader;
use crate::{Protocol, Request, Response};

fn read_in_pieces(events: &[Value], limit: usize) -> Response {
    let mut reader = ResponseReader::new().limit(limit);
    for event in events {
        reader.push(format!("data: {event}\n\n").as_bytes());
    }
    reader.finish()
}

/// Returns an answer with a text, a call and a result of this size, as one body and as events.
fn answer(size: usize) -> (Value, Vec<Value>) {
    let text = "é".repeat(size);
    let arguments = json!({"q": text}).to_string();
    let items = [
        json!({"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": text}]}),
        json!({"type": "message", "id": "msg_1", "role": "assistant",
               "content": [{"type": "output_text", "text": text,
                            "annotations": [{"type": "url_citation", "url": "https://a.example/"}]}]}),
        json!({"type": "mcp_call", "id": "mcp_1", "name": "look", "arguments": arguments, "output": text}),
    ];
    let response = json!({"object": "response", "id": "resp_1", "status": "completed", "output": items});
    let mut events = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let deltas = [
            ("response.reasoning_summary_text.delta", "summary_index", &text),
            ("response.output_text.delta", "content_index", &text),
            ("response.mcp_call_arguments.delta", "content_index", &arguments),
        ];
        let (kind, part, whole) = deltas[index];
        let mut begun = item.clone();
        for field in ["summary", "content", "arguments", "output"] {
            begun.as_object_mut().unwrap().remove(field);
        }
        events.push(json!({"type": "response.output_item.added", "output_index": index, "item": begun}));
        for piece in whole.split_inclusive('é') {
            events.push(json!({"type": kind, "output_index": index, part: 0, "delta": piece}));
        }
        events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": response}));
    (response, events)
}

#[test]
fn a_stream_is_cut_like_a_complete_answer() {
    let (whole, events) = answer(400);
    // The body is smaller than the largest limit, and the kept texts are larger than smaller ones.
    for limit in [5000, 5200, 5500, 6000, 10_000] {
        let mut reader = ResponseReader::new().limit(limit);
        reader.push(whole.to_string().as_bytes());
        assert_eq!(read_in_pieces(&events, limit), reader.finish(), "{limit}");
    }
}

#[test]
fn an_incomplete_stream_keeps_its_content() {
    let (_, events) = answer(10);
    let response = read_in_pieces(&events[..events.len() - 2], 1000);
    let text = "é".repeat(10);
    assert_eq!(response.messages[0].content, text);
    assert_eq!(response.messages[1].content, text);
    assert_eq!(response.messages[1].tool_calls[0].arguments["q"], text.as_str());
    assert!(response.finish_reasons.is_empty());
}

#[test]
fn a_final_event_without_items_keeps_earlier_items() {
    let (_, mut events) = answer(3);
    let end = events.len() - 1;
    let before = read_in_pieces(&events[..end], 1000);
    events[end]["response"]["output"] = json!([]);
    assert_eq!(read_in_pieces(&events, 1000).messages, before.messages);
}

#[test]
fn indexes_of_any_value_are_read() {
    for index in [json!(u64::MAX), json!(-1), json!(u32::MAX), json!(0.5), json!("one")] {
        let item = json!({"type": "message", "content": [{"type": "output_text", "text": "Hi"}]});
        let events = [
            json!({"type": "response.output_text.delta", "output_index": index, "content_index": index, "delta": "H"}),
            json!({"type": "response.reasoning_text.delta", "output_index": index, "content_index": index, "delta": "?"}),
            json!({"type": "response.output_item.done", "output_index": index, "item": item}),
        ];
        assert_eq!(read_in_pieces(&events, 1000).messages.last().unwrap().content, "Hi", "{index}");
    }
}

#[test]
fn output_items_are_read_alike_in_requests_and_responses() {
    let (whole, _) = answer(3);
    let text = json!({"model": "gpt-5", "input": whole["output"]}).to_string();
    let json = crate::json::Json::read(&text).unwrap();
    let request = Request::read(&json, None, 1000).unwrap();
    let text = whole.to_string();
    let response = Response::read(&crate::json::Json::read(&text).unwrap(), None, 1000).unwrap();
    assert_eq!(request.messages, response.messages);
    assert_eq!(
        response.messages.iter().map(|message| message.role.as_str()).collect::<Vec<_>>(),
        ["reasoning", "assistant", "tool"]
    );
}

#[test]
fn requests_for_responses_embeddings_and_completions_are_distinguished() {
    let protocol = |body: Value| Protocol::of_request(&crate::json::Json::read(&body.to_string()).unwrap());
    let responses = Some(Protocol::OpenAiResponses);
    let embeddings = Some(Protocol::OpenAiEmbeddings);
    assert_eq!(protocol(json!({"model": "gpt-5", "input": "Hi"})), responses);
    assert_eq!(protocol(json!({"input": "Hi", "instructions": "Be brief."})), responses);
    assert_eq!(protocol(json!({"prompt": {"id": "pmpt_1"}})), responses);
    assert_eq!(protocol(json!({"model": "text-embedding-3-small", "input": "Hi"})), embeddings);
    assert_eq!(protocol(json!({"model": "other", "input": ["Hi"]})), embeddings);
    assert_eq!(protocol(json!({"model": "other", "input": [[1, 2]]})), embeddings);
    assert_eq!(protocol(json!({"model": "other", "prompt": ["Hi"]})), Some(Protocol::OpenAiCompletions));
}
