//! Anthropic's messages.

use serde_json::{Value, json};

use crate::answer::{Answer, Output, Question, Role, arguments_pieces, pieces, text_of};
use crate::reply::{Exchange, Failure, Reply, named_frame};

/// The proof that thoughts come from the model.
const SIGNATURE: &str = "bG9jYWw=";

pub(crate) fn reply(exchange: &Exchange) -> Result<Reply, Failure> {
    let answer = question(&exchange.request)?.answer(&exchange.behaviour);
    if !exchange.is_streamed() {
        return Ok(Reply::Whole(whole(exchange, &answer)));
    }
    let error = || failure(&Failure::Overloaded, exchange).1;
    let events = exchange.interrupted(events(exchange, &answer), error);
    Ok(Reply::Stream(events.iter().map(named_frame).collect()))
}

/// The status and the body of a failure.
pub(crate) fn failure(failure: &Failure, exchange: &Exchange) -> (u16, Value) {
    let (status, kind, message) = match failure {
        Failure::NoEndpoint => (404, "not_found_error", "Not Found".to_owned()),
        Failure::NotJson => (400, "invalid_request_error", "The request body is not valid JSON".to_owned()),
        Failure::Missing(field) => (400, "invalid_request_error", format!("{field}: Field required")),
        Failure::MissingHeader("x-api-key") => {
            (401, "authentication_error", "x-api-key header is required".to_owned())
        }
        Failure::MissingHeader(name) => (400, "invalid_request_error", format!("{name}: header is required")),
        Failure::TooLong => {
            (400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum".to_owned())
        }
        Failure::WrongKey => (401, "authentication_error", "invalid x-api-key".to_owned()),
        Failure::RateLimit => {
            let message = "This request would exceed your organization's rate limit of 3 requests per minute. For \
                details, refer to: https://docs.claude.com/en/api/rate-limits.";
            (429, "rate_limit_error", message.to_owned())
        }
        Failure::Internal => (500, "api_error", "Internal server error".to_owned()),
        Failure::Overloaded => (529, "overloaded_error", "Overloaded".to_owned()),
    };
    let error = json!({"type": kind, "message": message});
    (status, json!({"type": "error", "error": error, "request_id": exchange.id("req")}))
}

pub(crate) fn question(request: &Value) -> Result<Question, Failure> {
    let messages = request["messages"].as_array().ok_or(Failure::Missing("messages"))?;
    if !request["max_tokens"].is_u64() {
        return Err(Failure::Missing("max_tokens"));
    }
    let mut question = Question::default();
    question.turn(Role::System, text_of(&request["system"]));
    for message in messages {
        let role = match message["role"].as_str() {
            Some("assistant") => Role::Assistant,
            Some("system") => Role::System,
            _ => Role::User,
        };
        let blocks = || message["content"].as_array().into_iter().flatten();
        let text = text_of(&message["content"]);
        // A message with only results is not a question.
        if !text.is_empty() || blocks().next().is_none() {
            question.turn(role, text);
        }
        for call in blocks().filter(|block| block["type"] == "tool_use") {
            question.turn(Role::Assistant, text_of(&call["name"]));
            question.turn(Role::Assistant, call["input"].to_string());
        }
        // Last, because a message with results answers calls, regardless of its other content.
        for result in blocks().filter(|block| block["type"] == "tool_result") {
            question.turn(Role::Result, text_of(&result["content"]));
        }
    }
    let tools = request["tools"].as_array().into_iter().flatten();
    question.tools(tools.filter(|tool| tool["input_schema"].is_object()), "input_schema");
    question.tool_choice(&request["tool_choice"]);
    question.schema(&request["output_config"]["format"]["schema"]);
    Ok(question)
}

pub(crate) fn whole(exchange: &Exchange, answer: &Answer) -> Value {
    let mut message = message(exchange, answer);
    let thinking = answer.thinking.iter();
    let thinking = thinking.map(|text| json!({"type": "thinking", "thinking": text, "signature": SIGNATURE}));
    let output = match &answer.output {
        Output::Text(text) | Output::Cut(text) | Output::Refusal(text) => {
            json!({"type": "text", "text": text})
        }
        Output::Call { name, arguments } => {
            json!({"type": "tool_use", "id": exchange.id("toolu"), "name": name, "input": arguments})
        }
    };
    message["content"] = thinking.chain([output]).collect();
    message["stop_reason"] = json!(stop_reason(answer));
    message
}

/// A message without content.
fn message(exchange: &Exchange, answer: &Answer) -> Value {
    let mut usage = usage(answer);
    usage["cache_creation"] = json!({"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0});
    usage["service_tier"] = json!("standard");
    json!({
        "model": exchange.model(),
        "id": exchange.id("msg"),
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage,
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.output {
        Output::Text(_) => "end_turn",
        Output::Cut(_) => "max_tokens",
        Output::Refusal(_) => "refusal",
        Output::Call { .. } => "tool_use",
    }
}

fn usage(answer: &Answer) -> Value {
    let tokens = answer.usage;
    let mut usage = json!({
        "input_tokens": tokens.input - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
    });
    if answer.thinking.is_some() {
        usage["output_tokens_details"] = json!({"thinking_tokens": tokens.reasoning});
    }
    usage
}

pub(crate) fn events(exchange: &Exchange, answer: &Answer) -> Vec<Value> {
    let mut message = message(exchange, answer);
    message["usage"]["output_tokens"] = json!(1);
    if let Some(usage) = message["usage"].as_object_mut() {
        usage.remove("output_tokens_details");
    }
    let mut events = vec![json!({"type": "message_start", "message": message})];

    if let Some(thinking) = &answer.thinking {
        let pieces = pieces(thinking).into_iter();
        let deltas = pieces.map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
        let signature = json!({"type": "signature_delta", "signature": SIGNATURE});
        let start = json!({"type": "thinking", "thinking": "", "signature": ""});
        events.extend(block(0, &start, deltas.chain([signature])));
    }
    let index = usize::from(answer.thinking.is_some());
    events.extend(match &answer.output {
        Output::Text(text) | Output::Cut(text) | Output::Refusal(text) => {
            let deltas = pieces(text).into_iter().map(|piece| json!({"type": "text_delta", "text": piece}));
            block(index, &json!({"type": "text", "text": ""}), deltas)
        }
        Output::Call { name, arguments } => {
            let start = json!({"type": "tool_use", "id": exchange.id("toolu"), "name": name, "input": {}});
            let pieces = [String::new()].into_iter().chain(arguments_pieces(arguments));
            let deltas = pieces.map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
            block(index, &start, deltas)
        }
    });
    events.insert(2, json!({"type": "ping"}));

    let delta = json!({"stop_reason": stop_reason(answer), "stop_sequence": null});
    events.push(json!({"type": "message_delta", "delta": delta, "usage": usage(answer)}));
    events.push(json!({"type": "message_stop"}));
    events
}

fn block(index: usize, start: &Value, deltas: impl Iterator<Item = Value>) -> Vec<Value> {
    let start = json!({"type": "content_block_start", "index": index, "content_block": start});
    let stop = json!({"type": "content_block_stop", "index": index});
    let deltas = deltas.map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta}));
    [start].into_iter().chain(deltas).chain([stop]).collect()
}
