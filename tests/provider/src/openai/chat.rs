//! Chat completions.

use serde_json::{Value, json};

use super::{CREATED, failure};
use crate::answer::{Answer, Output, Question, Role, arguments_pieces, pieces, text_of};
use crate::reply::{Exchange, Failure, Reply};

pub(crate) fn reply(exchange: &Exchange) -> Result<Reply, Failure> {
    let answer = question(&exchange.request)?.answer(&exchange.behaviour);
    if !exchange.is_streamed() {
        return Ok(Reply::Whole(whole(exchange, &answer)));
    }
    let error = || failure(&Failure::Overloaded, exchange).1;
    let chunks = exchange.interrupted(chunks(exchange, &answer), error);
    let is_whole = chunks.iter().all(|chunk| chunk.get("error").is_none());
    let mut frames: Vec<String> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    if is_whole {
        frames.push("data: [DONE]\n\n".to_owned());
    }
    Ok(Reply::Stream(frames))
}

fn question(request: &Value) -> Result<Question, Failure> {
    let messages = request["messages"].as_array().ok_or(Failure::Missing("messages"))?;
    let mut question = Question::default();
    for message in messages {
        let text = text_of(&message["content"]);
        match message["role"].as_str() {
            Some("system" | "developer") => question.turn(Role::System, text),
            Some("assistant") => {
                question.turn(Role::Assistant, text);
                for call in message["tool_calls"].as_array().into_iter().flatten() {
                    question.turn(Role::Assistant, text_of(&call["function"]["name"]));
                    question.turn(Role::Assistant, text_of(&call["function"]["arguments"]));
                }
            }
            Some("tool" | "function") => question.turn(Role::Result, text),
            _ => question.turn(Role::User, text),
        }
    }
    let tools = request["tools"].as_array().into_iter().flatten();
    question.tools(tools.map(|tool| &tool["function"]), "parameters");
    question.tool_choice(&request["tool_choice"]);
    question.schema(&request["response_format"]["json_schema"]["schema"]);
    Ok(question)
}

fn whole(exchange: &Exchange, answer: &Answer) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
    match &answer.output {
        Output::Text(text) | Output::Cut(text) => message["content"] = json!(text),
        Output::Refusal(text) => message["refusal"] = json!(text),
        Output::Call { name, arguments } => {
            message["tool_calls"] = json!([{
                "id": exchange.id("call"),
                "type": "function",
                "function": {"name": name, "arguments": arguments.to_string()},
            }]);
        }
    }
    if let Some(thinking) = &answer.thinking {
        message["reasoning_content"] = json!(thinking);
    }
    json!({
        "id": exchange.id("chatcmpl").replace('_', "-"),
        "object": "chat.completion",
        "created": CREATED,
        "model": exchange.model(),
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": null,
            "finish_reason": finish_reason(answer),
        }],
        "usage": usage(answer),
        "service_tier": "default",
        "system_fingerprint": null,
    })
}

fn chunks(exchange: &Exchange, answer: &Answer) -> Vec<Value> {
    let mut first = json!({"role": "assistant", "content": null, "refusal": null});
    let mut rest = Vec::new();
    if let Some(thinking) = &answer.thinking {
        first["reasoning_content"] = json!("");
        rest.extend(pieces(thinking).iter().map(|piece| json!({"reasoning_content": piece})));
    }
    match &answer.output {
        Output::Text(text) | Output::Cut(text) => {
            first["content"] = json!("");
            rest.extend(pieces(text).iter().map(|piece| json!({"content": piece})));
        }
        Output::Refusal(text) => {
            first["refusal"] = json!("");
            rest.extend(pieces(text).iter().map(|piece| json!({"refusal": piece})));
        }
        Output::Call { name, arguments } => {
            let call = json!([{
                "index": 0,
                "id": exchange.id("call"),
                "type": "function",
                "function": {"name": name, "arguments": ""},
            }]);
            if rest.is_empty() {
                first["tool_calls"] = call;
            } else {
                rest.push(json!({"tool_calls": call}));
            }
            let piece = |piece| json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]});
            rest.extend(arguments_pieces(arguments).into_iter().map(piece));
        }
    }
    rest.push(json!({}));

    let last = rest.len();
    let choices = [first].into_iter().chain(rest).enumerate().map(|(at, delta)| {
        let finish_reason = (at == last).then(|| finish_reason(answer));
        json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}])
    });
    let chunk = |choices| {
        json!({
            "id": exchange.id("chatcmpl").replace('_', "-"),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": exchange.model(),
            "service_tier": "default",
            "system_fingerprint": null,
            "choices": choices,
        })
    };
    let mut chunks: Vec<Value> = choices.map(chunk).collect();
    if exchange.request["stream_options"]["include_usage"] == true {
        for chunk in &mut chunks {
            chunk["usage"] = Value::Null;
        }
        let mut last = chunk(json!([]));
        last["usage"] = usage(answer);
        chunks.push(last);
    }
    chunks
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.output {
        Output::Text(_) | Output::Refusal(_) => "stop",
        Output::Cut(_) => "length",
        Output::Call { .. } => "tool_calls",
    }
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
