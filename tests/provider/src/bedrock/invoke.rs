//! InvokeModel, with and without a stream. The body identifies the family of the model.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::exception;
use super::frame::frame;
use crate::answer::{Output, Question, Role, Usage, count, pieces, text_of};
use crate::anthropic;
use crate::openai::embeddings::vector;
use crate::reply::{Exchange, Failure, Reply};

/// The default number of dimensions of a vector.
const DIMENSIONS: usize = 1024;

pub(crate) fn reply(exchange: &Exchange) -> Result<Reply, Failure> {
    let request = &exchange.request;
    if request["anthropic_version"].is_string() {
        claude(exchange)
    } else if request["textGenerationConfig"].is_object() {
        Ok(titan(exchange))
    } else if request["inputText"].is_string() {
        Ok(titan_embedding(exchange))
    } else if request["texts"].is_array() {
        Ok(cohere_embedding(exchange))
    } else {
        Err(Failure::Missing("inputText"))
    }
}

/// An answer whose tokens are counted in headers.
fn whole(value: Value, usage: Usage) -> Reply {
    Reply::Counted { value, input: usage.input - usage.cached, output: usage.output }
}

/// The events of a model, each in a frame. The last one has Bedrock's counts.
fn stream(exchange: &Exchange, mut events: Vec<Value>, usage: Usage) -> Reply {
    if let Some(last) = events.last_mut() {
        last["amazon-bedrock-invocationMetrics"] = json!({
            "inputTokenCount": usage.input - usage.cached,
            "outputTokenCount": usage.output,
            "cacheReadInputTokenCount": usage.cached,
            "cacheWriteInputTokenCount": 0,
            "invocationLatency": 1,
            "firstByteLatency": 1,
        });
    }
    let chunk = |event: Value| json!({"chunk": {"bytes": BASE64_STANDARD.encode(event.to_string())}});
    let chunks = exchange.interrupted(events.into_iter().map(chunk).collect(), exception);
    Reply::Frames(chunks.iter().map(frame).collect())
}

fn claude(exchange: &Exchange) -> Result<Reply, Failure> {
    let answer = anthropic::question(&exchange.request)?.answer(&exchange.behaviour);
    Ok(if exchange.is_streamed() {
        stream(exchange, anthropic::events(exchange, &answer), answer.usage)
    } else {
        whole(anthropic::whole(exchange, &answer), answer.usage)
    })
}

fn titan(exchange: &Exchange) -> Reply {
    let mut question = Question::default();
    question.turn(Role::User, text_of(&exchange.request["inputText"]));
    let answer = question.answer(&exchange.behaviour);
    let (text, reason) = match &answer.output {
        Output::Cut(text) => (text.clone(), "LENGTH"),
        Output::Refusal(text) => (text.clone(), "CONTENT_FILTERED"),
        Output::Text(text) => (text.clone(), "FINISH"),
        Output::Call { arguments, .. } => (arguments.to_string(), "FINISH"),
    };
    let (input, output) = (answer.usage.input, answer.usage.output);
    if !exchange.is_streamed() {
        let result = json!({"tokenCount": output, "outputText": text, "completionReason": reason});
        return whole(json!({"inputTextTokenCount": input, "results": [result]}), answer.usage);
    }
    let mut events: Vec<Value> = pieces(&text)
        .into_iter()
        .map(|text| {
            json!({
                "outputText": text,
                "index": 0,
                "totalOutputTextTokenCount": null,
                "completionReason": null,
                "inputTextTokenCount": null,
            })
        })
        .collect();
    if let Some(last) = events.last_mut() {
        last["totalOutputTextTokenCount"] = json!(output);
        last["completionReason"] = json!(reason);
        last["inputTextTokenCount"] = json!(input);
    }
    stream(exchange, events, answer.usage)
}

fn titan_embedding(exchange: &Exchange) -> Reply {
    let text = text_of(&exchange.request["inputText"]);
    let dimensions = exchange.request["dimensions"].as_u64().and_then(|number| usize::try_from(number).ok());
    let vector = vector(&text, dimensions.filter(|number| *number > 0).unwrap_or(DIMENSIONS));
    let input = count(&text);
    let value =
        json!({"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": input});
    whole(value, embedded(input))
}

/// The body has no token counts.
fn cohere_embedding(exchange: &Exchange) -> Reply {
    let texts = &exchange.request["texts"];
    let each = || texts.as_array().into_iter().flatten().map(text_of);
    let value = json!({
        "embeddings": each().map(|text| vector(&text, DIMENSIONS)).collect::<Vec<_>>(),
        "id": exchange.id("embedding"),
        "response_type": "embeddings_floats",
        "texts": texts,
    });
    whole(value, embedded(each().map(|text| count(&text)).sum()))
}

fn embedded(input: usize) -> Usage {
    Usage { input, cached: 0, output: 0, reasoning: 0 }
}
