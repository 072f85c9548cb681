//! Responses.

use serde_json::{Value, json};

use super::CREATED;
use crate::answer::{Answer, Output, Question, Role, arguments_pieces, pieces, text_of};
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

/// The fields of a response that follow from the request, and their defaults.
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
        if let Some(given) = exchange.request.get(name).filter(|given| !given.is_null()) {
            *value = given.clone();
        }
    }
    response["model"] = json!(exchange.model());
    response
}

fn response(exchange: &Exchange, answer: &Answer) -> Value {
    let usage = answer.usage;
    let mut response = open_response(exchange);
    response["status"] = json!(status(answer));
    if let Output::Cut(_) = answer.output {
        response["incomplete_details"] = json!({"reason": "max_output_tokens"});
    } else {
        response["completed_at"] = json!(CREATED);
    }
    response["output"] =
        reasoning(exchange, answer).into_iter().chain([output_item(exchange, answer)]).collect();
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
    if let Output::Cut(_) = answer.output { "incomplete" } else { "completed" }
}

fn reasoning(exchange: &Exchange, answer: &Answer) -> Option<Value> {
    let thinking = answer.thinking.as_ref()?;
    let summary = [json!({"type": "summary_text", "text": thinking})];
    Some(json!({"id": exchange.id("rs"), "type": "reasoning", "summary": summary}))
}

/// The item with the output of the model.
fn output_item(exchange: &Exchange, answer: &Answer) -> Value {
    let message = |content| {
        json!({
            "id": exchange.id("msg"),
            "type": "message",
            "status": status(answer),
            "role": "assistant",
            "content": [content],
        })
    };
    match &answer.output {
        Output::Text(text) | Output::Cut(text) => {
            message(json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []}))
        }
        Output::Refusal(text) => message(json!({"type": "refusal", "refusal": text})),
        Output::Call { name, arguments } => json!({
            "id": exchange.id("fc"),
            "type": "function_call",
            "status": "completed",
            "call_id": exchange.id("call"),
            "name": name,
            "arguments": arguments.to_string(),
        }),
    }
}

/// All events of a stream, without their numbers.
fn events(exchange: &Exchange, answer: &Answer) -> Vec<Value> {
    let open = open_response(exchange);
    let mut events = vec![
        json!({"type": "response.created", "response": open}),
        json!({"type": "response.in_progress", "response": open}),
    ];
    let reasoning = reasoning(exchange, answer);
    let index = usize::from(reasoning.is_some());
    if let Some((item, thinking)) = reasoning.zip(answer.thinking.as_deref()) {
        let names = ["summary_index", "reasoning_summary_part", "reasoning_summary_text"];
        let inner = part_events(names, &item["summary"][0], "text", thinking);
        events.extend(item_events(0, &item, ("summary", json!([])), inner));
    }
    let item = output_item(exchange, answer);
    events.extend(match &answer.output {
        Output::Text(text) | Output::Cut(text) => {
            let names = ["content_index", "content_part", "output_text"];
            let inner = part_events(names, &item["content"][0], "text", text);
            item_events(index, &item, ("content", json!([])), inner)
        }
        Output::Refusal(text) => {
            let names = ["content_index", "content_part", "refusal"];
            let inner = part_events(names, &item["content"][0], "refusal", text);
            item_events(index, &item, ("content", json!([])), inner)
        }
        Output::Call { arguments, .. } => {
            let kind = "response.function_call_arguments";
            let pieces = arguments_pieces(arguments).into_iter();
            let deltas = pieces.map(|piece| json!({"type": format!("{kind}.delta"), "delta": piece}));
            let done = json!({"type": format!("{kind}.done"), "arguments": item["arguments"]});
            item_events(index, &item, ("arguments", json!("")), deltas.chain([done]).collect())
        }
    });
    let last = format!("response.{}", status(answer));
    events.push(json!({"type": last, "response": response(exchange, answer)}));
    events
}

/// The events of an item, which is added with an empty field.
fn item_events(index: usize, item: &Value, (field, empty): (&str, Value), inner: Vec<Value>) -> Vec<Value> {
    let mut open = item.clone();
    open[field] = empty;
    if let Some(status) = open.get_mut("status") {
        *status = json!("in_progress");
    }
    let of_item = |mut event: Value| {
        event["item_id"] = item["id"].clone();
        event["output_index"] = json!(index);
        event
    };
    let added = json!({"type": "response.output_item.added", "output_index": index, "item": open});
    let done = json!({"type": "response.output_item.done", "output_index": index, "item": item});
    [added].into_iter().chain(inner.into_iter().map(of_item)).chain([done]).collect()
}

/// The events of a part, whose text is in the field `key`. `names` are the names of its index, of the part and of the text.
fn part_events([index, part, kind]: [&str; 3], full: &Value, key: &str, text: &str) -> Vec<Value> {
    let event = |kind: &str, key: &str, value: Value| {
        let mut event = json!({"type": format!("response.{kind}"), index: 0, key: value});
        if key != "part" && full.get("logprobs").is_some() {
            event["logprobs"] = json!([]);
        }
        event
    };
    let mut empty = full.clone();
    empty[key] = json!("");
    let mut events = vec![event(&format!("{part}.added"), "part", empty)];
    events.extend(pieces(text).iter().map(|piece| event(&format!("{kind}.delta"), "delta", json!(piece))));
    events.push(event(&format!("{kind}.done"), key, json!(text)));
    events.push(event(&format!("{part}.done"), "part", full.clone()));
    events
}
