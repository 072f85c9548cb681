//! Bedrock's InvokeModel: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>.
//!
//! Each family of models has its own bodies, which are recognized by their form.

mod answer;

use crate::document::Document;
use crate::json::Json;
use crate::media::Media;
use crate::protocol::Operation;
use crate::request::RequestDraft;
use crate::response::Event;
use crate::turn::At;
use crate::{anthropic, cohere, openai};
pub(crate) use answer::event;

/// Returns whether the body has a form that only models of Bedrock have. Requests to other servers name a model next to the prompt.
pub(crate) fn is_request(body: &Json<'_>) -> bool {
    body.str("anthropic_version").starts_with("bedrock")
        || body.has("schemaVersion") && body.has("messages")
        || is_titan(body)
        || body.get("prompt").as_str().is_some() && !body.has("model")
}

/// Returns whether the event is a frame of a stream, or a response in a form that only models of Bedrock have.
pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    event.name == "chunk" && json.has("bytes") || answer::has_metrics(json) || answer::is_text(json)
}

fn is_titan(body: &Json<'_>) -> bool {
    body.has("inputText") || body.has("inputImage")
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    if body.has("anthropic_version") {
        anthropic::request(body, draft);
    } else if body.has("schemaVersion") || super::converse::is_request(body) {
        super::converse::request(body, draft);
    } else if body.has("messages") {
        openai::chat::request(body, draft);
    } else if body.get("prompt").as_str().is_some() {
        prompt(body, draft);
    } else if is_titan(body) {
        titan(body, draft);
    } else if body.has("query") {
        draft.operation(Operation::Rerank);
        cohere::rerank::request(body, draft);
    } else if body.has("message") {
        cohere::chat_v1::request(body, draft);
    } else if ["texts", "images", "inputs"].into_iter().any(|name| body.has(name)) {
        draft.operation(Operation::Embedding);
        cohere::embed::request(body, draft);
    } else {
        draft.parameters(body, &[]);
    }
}

/// Reads a text to continue: of Llama, Mistral, Jurassic, and older models of Claude and Cohere. Llama also takes images.
fn prompt(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.operation(Operation::Completion);
    draft.conversation(std::slice::from_ref(body), |body, turn| {
        turn.role("user");
        for image in body.list("images").iter().filter_map(Json::as_str) {
            turn.note(At::Next, &Media { kind: "image", source: image, ..Media::default() }.note(true));
        }
        turn.text(At::Next, body.str("prompt"));
    });
    draft.parameters(body, &["prompt", "images"]);
}

/// Reads a request to Titan. Texts have a configuration. Without one, a text or an image is converted to a vector.
fn titan(body: &Json<'_>, draft: &mut RequestDraft) {
    let text = body.str("inputText");
    if body.has("textGenerationConfig") {
        draft.operation(Operation::Completion);
        draft.message("user", text);
    } else {
        draft.operation(Operation::Embedding);
        let image = body.str("inputImage");
        let note = || Media { kind: "image", source: image, ..Media::default() }.note(true);
        let lines = [text.to_owned(), if image.is_empty() { String::new() } else { note() }];
        let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        let whole = draft.whole(&lines.join("\n"));
        draft.document(Document::new(whole));
    }
    draft.parameters(body, &["inputText", "inputImage"]);
}
