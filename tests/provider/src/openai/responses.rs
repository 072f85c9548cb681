//! Responses.

use serde_json::{Value, json};

use super::CREATED;
use crate::answer::{Answer, Question, Role, Said, arguments_pieces, pieces, text_of};
use crate::reply::{Exchange, Failure, Reply, named_frame};

pub(crate) fn reply(exchange: &Exchange) -> Result<Reply, Failure> {
    let answer = question(&exchange.request)?.answer(&exchange.behaviour);
    if !exchange.is_streamed() {
        return Ok(Reply::Whole(response(exchange, &answer)));
    }
    let mut events = exchange.interrupted(events(exchange, &answer), || {
        let mut failed = open_response(exchange);
        failed["status"] = json!("failed");
        failed["error"] = json!({"code": "server_error", "message": super::OVERLOADED});
        json!({"type": "response.failed", "response": failed})
    });
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    Ok(Reply::Stream(events.iter().map(named_frame).collect()))
}

fn question(request: &Value) -> Result<Question, Failure> {
    let mut question = Question::default();
    question.turn(Role::System, text_of(&request["instructions"]));
    match &request["input"] {
        Value::String(text) => question.turn(Role::User, text),
        Value::Array(items) => items.iter().for_each(|item| add(&mut question, item)),
        _ => return Err(Failure::Missing("input")),
    }
    question.tools(
        request["tools"].as_array().into_iter().flatten().filter(|tool| tool["type"] == "function"),
        "parameters",
    );
    question.tool_choice(&request["tool_choice"]);
    question.schema(&request["text"]["format"]["schema"]);
    Ok(question)
}

fn add(question: &mut Question, item: &Value) {
    match (item["type"].as_str(), item["role"].as_str()) {
        (Some("function_call"), _) => {
            question.turn(Role::Assistant, text_of(&item["name"]));
            question.turn(Role::Assistant, text_of(&item["arguments"]));
        }
        (Some("function_call_output"), _) => question.turn(Role::Result, text_of(&item["output"])),
        (Some("message") | None, Some(role)) => {
            let role = match role {
                "system" | "developer" => Role::System,
                "assistant" => Role::Assistant,
                _ => Role::User,
            };
            question.turn(role, text_of(&item["content"]));
        }
        _ => {}
    }
}

/// What the request says of the response, and what is so without it.
fn open_response(exchange: &Exchange) -> Value {
    let mut response = json!({
        "id": exchange.id("resp"),
        "object": "response",
        "created_at": CREATED,
        "completed_at": null,
        "status": "in_progress",
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": null,
        "max_tool_calls": null,
        "metadata": {},
        "output": [],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "prompt_cache_key": null,
        "reasoning": {"effort": null, "summary": null},
        "safety_identifier": null,
        "service_tier": "default",
        "store": true,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": null,
        "user": null,
    });
    for (name, value) in response.as_object_mut().into_iter().flatten() {
        if let Some(asked) = exchange.request.get(name).filter(|asked| !asked.is_null()) {
            *value = asked.clone();
        }
    }
    response["model"] = json!(exchange.model());
    response
}

fn response(exchange: &Exchange, answer: &Answer) -> Value {
    let usage = answer.usage;
    let mut response = open_response(exchange);
    response["status"] = json!(status(answer));
    if let Said::Cut(_) = answer.said {
        response["incomplete_details"] = json!({"reason": "max_output_tokens"});
    } else {
        response["completed_at"] = json!(CREATED);
    }
    response["output"] = reasoning(exchange, answer).into_iter().chain([said(exchange, answer)]).collect();
    response["usage"] = json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    });
    response
}

fn status(answer: &Answer) -> &'static str {
    if let Said::Cut(_) = answer.said { "incomplete" } else { "completed" }
}

fn reasoning(exchange: &Exchange, answer: &Answer) -> Option<Value> {
    let thinking = answer.thinking.as_ref()?;
    let summary = [json!({"type": "summary_text", "text": thinking})];
    Some(json!({"id": exchange.id("rs"), "type": "reasoning", "summary": summary}))
}

/// The item with what the model says.
fn said(exchange: &Exchange, answer: &Answer) -> Value {
    let message = |content| {
        json!({
            "id": exchange.id("msg"),
            "type": "message",
            "status": status(answer),
            "role": "assistant",
            "content": [content],
        })
    };
    match &answer.said {
        Said::Text(text) | Said::Cut(text) => message(text_part(text)),
        Said::Refusal(text) => message(json!({"type": "refusal", "refusal": text})),
        Said::Call { name, arguments } => json!({
            "id": exchange.id("fc"),
            "type": "function_call",
            "status": "completed",
            "call_id": exchange.id("call"),
            "name": name,
            "arguments": arguments.to_string(),
        }),
    }
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// All events of a stream, without their numbers.
fn events(exchange: &Exchange, answer: &Answer) -> Vec<Value> {
    let open = open_response(exchange);
    let mut events = vec![
        json!({"type": "response.created", "response": open}),
        json!({"type": "response.in_progress", "response": open}),
    ];
    let thinking = answer.thinking.iter();
    events.extend(thinking.flat_map(|thinking| reasoning_events(exchange, answer, thinking)));
    events.extend(said_events(exchange, answer));
    let last = format!("response.{}", status(answer));
    events.push(json!({"type": last, "response": response(exchange, answer)}));
    events
}

fn reasoning_events(exchange: &Exchange, answer: &Answer, thinking: &str) -> Vec<Value> {
    let item = exchange.id("rs");
    let event = |kind: &str, key: &str, value: Value| json!({"type": format!("response.{kind}"), "item_id": item, "output_index": 0, "summary_index": 0, key: value});
    let part = |text| json!({"type": "summary_text", "text": text});
    let mut events = vec![
        json!({
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"id": item, "type": "reasoning", "summary": []},
        }),
        event("reasoning_summary_part.added", "part", part("")),
    ];
    events.extend(
        pieces(thinking).iter().map(|piece| event("reasoning_summary_text.delta", "delta", json!(piece))),
    );
    events.push(event("reasoning_summary_text.done", "text", json!(thinking)));
    events.push(event("reasoning_summary_part.done", "part", part(thinking)));
    let item = reasoning(exchange, answer);
    events.push(json!({"type": "response.output_item.done", "output_index": 0, "item": item}));
    events
}

fn said_events(exchange: &Exchange, answer: &Answer) -> Vec<Value> {
    let index = usize::from(answer.thinking.is_some());
    let item = said(exchange, answer);
    let mut open = item.clone();
    open["status"] = json!("in_progress");

    let event = |kind: &str, fields: Value| {
        let mut event = fields;
        event["type"] = json!(format!("response.{kind}"));
        event["item_id"] = item["id"].clone();
        event["output_index"] = json!(index);
        event
    };
    let of_part = |kind: &str, mut fields: Value| {
        fields["content_index"] = json!(0);
        event(kind, fields)
    };
    let mut inner = Vec::new();
    match &answer.said {
        Said::Text(text) | Said::Cut(text) => {
            open["content"] = json!([]);
            let delta = |piece: &&str| of_part("output_text.delta", json!({"delta": piece, "logprobs": []}));
            inner.push(of_part("content_part.added", json!({"part": text_part("")})));
            inner.extend(pieces(text).iter().map(delta));
            inner.push(of_part("output_text.done", json!({"text": text, "logprobs": []})));
            inner.push(of_part("content_part.done", json!({"part": text_part(text)})));
        }
        Said::Refusal(text) => {
            open["content"] = json!([]);
            let part = |text| json!({"part": {"type": "refusal", "refusal": text}});
            let delta = |piece: &&str| of_part("refusal.delta", json!({"delta": piece}));
            inner.push(of_part("content_part.added", part("")));
            inner.extend(pieces(text).iter().map(delta));
            inner.push(of_part("refusal.done", json!({"refusal": text})));
            inner.push(of_part("content_part.done", part(text)));
        }
        Said::Call { arguments, .. } => {
            open["arguments"] = json!("");
            let delta = |piece| event("function_call_arguments.delta", json!({"delta": piece}));
            inner.extend(arguments_pieces(arguments).into_iter().map(delta));
            inner.push(event("function_call_arguments.done", json!({"arguments": arguments.to_string()})));
        }
    }
    let added = json!({"type": "response.output_item.added", "output_index": index, "item": open});
    let done = json!({"type": "response.output_item.done", "output_index": index, "item": item});
    [added].into_iter().chain(inner).chain([done]).collect()
}
