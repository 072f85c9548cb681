//! Embeddings.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::answer::count;
use crate::reply::{Exchange, Failure, Reply};

/// The default number of dimensions of a vector.
const DIMENSIONS: usize = 1536;

pub(crate) fn reply(exchange: &Exchange) -> Result<Reply, Failure> {
    let request = &exchange.request;
    let texts: Vec<String> = match &request["input"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) if items.first().is_some_and(Value::is_number) => vec![tokens(items)],
        Value::Array(items) => items.iter().map(text).collect(),
        _ => return Err(Failure::Missing("input")),
    };
    let dimensions = request["dimensions"].as_u64().and_then(|number| usize::try_from(number).ok());
    let data = texts.iter().enumerate().map(|(index, text)| {
        let vector = vector(text, dimensions.filter(|number| *number > 0).unwrap_or(DIMENSIONS));
        let embedding = if request["encoding_format"] == "base64" {
            let bytes: Vec<u8> = vector.into_iter().flat_map(f32::to_le_bytes).collect();
            json!(BASE64_STANDARD.encode(bytes))
        } else {
            json!(vector)
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    let tokens: usize = texts.iter().map(|text| count(text)).sum();
    Ok(Reply::Whole(json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": exchange.model(),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })))
}

fn text(input: &Value) -> String {
    match input {
        Value::Array(items) => tokens(items),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// Returns a text with a word for each token.
fn tokens(items: &[Value]) -> String {
    items.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
}

/// Returns a vector of length 1 that is near those of texts with the same words.
pub(crate) fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions];
    for word in
        text.to_lowercase().split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty())
    {
        // FNV-1a
        let hash = word.bytes().fold(0x811c_9dc5_usize, |hash, byte| {
            (hash ^ usize::from(byte)).wrapping_mul(0x0100_0193) & 0xffff_ffff
        });
        if let Some(number) = vector.get_mut(hash % dimensions) {
            *number += 1.0;
        }
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    vector.into_iter().map(|number| if length > 0.0 { number / length } else { number }).collect()
}
