//! A conversation as a request of each protocol.

use fastrand::Rng;
use llmobs_providers::Protocol;
use serde_json::{Value, json};

use crate::random::text;

/// The author of a turn.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    System(String),
    User(String),
    Assistant(String),
    /// The result of a tool, after a call of it.
    Result(String),
}

/// The turns that a protocol supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All of them.
    Chat,
    /// A system prompt, and one text.
    Prompt,
    /// One text.
    Text,
}

pub(crate) const CONVERSATIONS: [(Protocol, Shape); 14] = [
    (Protocol::OpenAiChat, Shape::Chat),
    (Protocol::OpenAiCompletions, Shape::Text),
    (Protocol::OpenAiResponses, Shape::Chat),
    (Protocol::AnthropicMessages, Shape::Chat),
    (Protocol::GeminiGenerate, Shape::Chat),
    (Protocol::GeminiInteractions, Shape::Chat),
    (Protocol::OllamaChat, Shape::Chat),
    (Protocol::OllamaGenerate, Shape::Prompt),
    (Protocol::BedrockConverse, Shape::Chat),
    (Protocol::BedrockInvoke, Shape::Chat),
    (Protocol::BedrockAgent, Shape::Text),
    (Protocol::CohereChat, Shape::Chat),
    (Protocol::CohereChatV1, Shape::Prompt),
    (Protocol::CohereRerank, Shape::Text),
];

/// A conversation that ends with a turn of a user.
pub(crate) fn turns(random: &mut Rng, shape: Shape) -> Vec<Turn> {
    let mut turns = Vec::new();
    if shape != Shape::Text && random.bool() {
        turns.push(Turn::System(text(random, 40)));
    }
    if shape == Shape::Chat {
        for _ in 0..random.usize(..6) {
            turns.push(Turn::User(text(random, 40)));
            if random.bool() {
                turns.push(Turn::Result(text(random, 40)));
            }
            turns.push(Turn::Assistant(text(random, 40)));
        }
    }
    turns.push(Turn::User(text(random, 40)));
    turns
}

impl Turn {
    /// The role and the content of the message. Roles of results differ.
    pub(crate) fn shown(&self) -> (&str, &str) {
        match self {
            Self::System(text) => ("system", text),
            Self::User(text) => ("user", text),
            Self::Assistant(text) => ("assistant", text),
            Self::Result(_) => ("tool", ""),
        }
    }
}

fn system(turns: &[Turn]) -> Option<&str> {
    turns.iter().find_map(|turn| if let Turn::System(text) = turn { Some(text.as_str()) } else { None })
}

/// The messages, without the system prompt.
fn messages(turns: &[Turn], write: impl Fn(&Turn) -> Value) -> Vec<Value> {
    turns.iter().filter(|turn| !matches!(turn, Turn::System(_))).map(write).collect()
}

pub(crate) fn request(protocol: Protocol, turns: &[Turn]) -> Value {
    let prompt = turns.last().map_or("", |turn| turn.shown().1);
    match protocol {
        Protocol::OpenAiChat | Protocol::OllamaChat | Protocol::CohereChat => {
            let write = |turn: &Turn| match turn {
                Turn::Result(text) => json!({ "role": "tool", "tool_call_id": "1", "content": text }),
                turn => json!({ "role": turn.shown().0, "content": turn.shown().1 }),
            };
            json!({ "model": "m", "messages": turns.iter().map(write).collect::<Vec<_>>() })
        }
        Protocol::OpenAiCompletions => json!({ "model": "m", "prompt": prompt }),
        Protocol::OpenAiResponses => {
            let write = |turn: &Turn| match turn {
                Turn::Result(text) => {
                    json!({ "type": "function_call_output", "call_id": "1", "output": text })
                }
                turn => json!({ "role": turn.shown().0, "content": turn.shown().1 }),
            };
            json!({ "model": "m", "instructions": system(turns), "input": messages(turns, write) })
        }
        Protocol::AnthropicMessages | Protocol::BedrockInvoke => {
            let write = |turn: &Turn| match turn {
                Turn::Result(text) => {
                    json!({ "role": "tool", "content": [{ "type": "tool_result", "tool_use_id": "1", "content": text }] })
                }
                turn => {
                    json!({ "role": turn.shown().0, "content": [{ "type": "text", "text": turn.shown().1 }] })
                }
            };
            json!({
                "anthropic_version": "bedrock-2023-05-31", "system": system(turns), "messages": messages(turns, write)
            })
        }
        Protocol::GeminiGenerate => {
            let write = |turn: &Turn| match turn {
                Turn::Result(text) => {
                    let response = json!({ "name": "t", "response": { "output": text } });
                    json!({ "role": "tool", "parts": [{ "functionResponse": response }] })
                }
                turn => {
                    let role = if turn.shown().0 == "assistant" { "model" } else { "user" };
                    json!({ "role": role, "parts": [{ "text": turn.shown().1 }] })
                }
            };
            let system = system(turns).map(|text| json!({ "parts": [{ "text": text }] }));
            json!({ "systemInstruction": system, "contents": messages(turns, write) })
        }
        Protocol::GeminiInteractions => {
            let write = |turn: &Turn| match turn {
                Turn::Result(text) => json!({ "type": "function_result", "call_id": "1", "result": text }),
                turn => {
                    let kind = if turn.shown().0 == "assistant" { "model_output" } else { "user_input" };
                    json!({ "type": kind, "content": [{ "type": "text", "text": turn.shown().1 }] })
                }
            };
            json!({ "model": "gemini-3", "system_instruction": system(turns), "input": messages(turns, write) })
        }
        Protocol::OllamaGenerate => json!({ "model": "m", "system": system(turns), "prompt": prompt }),
        Protocol::BedrockConverse => {
            let write = |turn: &Turn| match turn {
                Turn::Result(text) => {
                    let result = json!({ "toolUseId": "1", "content": [{ "text": text }] });
                    json!({ "role": "tool", "content": [{ "toolResult": result }] })
                }
                turn => json!({ "role": turn.shown().0, "content": [{ "text": turn.shown().1 }] }),
            };
            let system: Vec<_> = system(turns).into_iter().map(|text| json!({ "text": text })).collect();
            json!({ "system": system, "messages": messages(turns, write) })
        }
        Protocol::BedrockAgent => json!({ "inputText": prompt }),
        Protocol::CohereChatV1 => json!({ "preamble": system(turns), "message": prompt }),
        Protocol::CohereRerank => json!({ "query": prompt, "documents": ["a", "b"] }),
        other => panic!("{other} has no conversation"),
    }
}

/// A request with an image in base64. `None` if the protocol does not support images.
pub(crate) fn with_image(protocol: Protocol, image: &str) -> Option<Value> {
    let uri = format!("data:image/png;base64,{image}");
    let message = |part: Value| json!({ "messages": [{ "role": "user", "content": [part] }] });
    Some(match protocol {
        Protocol::OpenAiChat | Protocol::CohereChat => {
            message(json!({ "type": "image_url", "image_url": { "url": uri } }))
        }
        Protocol::OpenAiResponses => {
            let part = json!({ "type": "input_image", "image_url": uri });
            json!({ "input": [{ "role": "user", "content": [part] }] })
        }
        Protocol::AnthropicMessages | Protocol::BedrockInvoke => {
            let source = json!({ "type": "base64", "media_type": "image/png", "data": image });
            let mut body = message(json!({ "type": "image", "source": source }));
            body["anthropic_version"] = json!("bedrock-2023-05-31");
            body
        }
        Protocol::GeminiGenerate => {
            let part = json!({ "inlineData": { "mimeType": "image/png", "data": image } });
            json!({ "contents": [{ "role": "user", "parts": [part] }] })
        }
        Protocol::GeminiInteractions => {
            json!({ "input": [{ "type": "image", "mime_type": "image/png", "data": image }] })
        }
        Protocol::OllamaChat => json!({ "messages": [{ "role": "user", "content": "", "images": [image] }] }),
        Protocol::OllamaGenerate => json!({ "prompt": "", "images": [image] }),
        Protocol::BedrockConverse => {
            message(json!({ "image": { "format": "png", "source": { "bytes": image } } }))
        }
        _ => return None,
    })
}
