//! Ollama.

pub(crate) mod chat;
pub(crate) mod embed;
pub(crate) mod generate;

use crate::json::Json;
use crate::media::Media;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, Turn};
use crate::usage::Usage;

/// The positions of the parts of a message. Calls follow at the end.
const THOUGHTS: At = At::Place(0);
const TEXT: At = At::Place(1);
const IMAGES: At = At::Place(2);

/// Returns whether a request has a field that OpenAI's protocols do not have.
fn has_own_field(body: &Json<'_>) -> bool {
    body.get("options").is_object() || body.has("keep_alive") || body.has("think")
}

/// Sets the parameters: the fields of the options, and all other fields.
fn parameters(body: &Json<'_>, read: &[&str], draft: &mut RequestDraft) {
    draft.parameters(body, read);
    draft.parameters(body.get("options"), &[]);
}

/// Adds thoughts, a text, and images, which are plain base64.
fn message_parts(thoughts: &str, text: &str, images: &[Json<'_>], turn: &mut Turn<'_>) {
    if !thoughts.is_empty() {
        turn.thought(THOUGHTS, "thinking", thoughts);
    }
    turn.text(TEXT, text);
    for image in images.iter().filter_map(Json::as_str).filter(|image| !image.is_empty()) {
        turn.note(IMAGES, &Media { kind: "image", source: image, ..Media::default() }.note(true));
    }
}

/// Adds calls, which are always complete.
fn calls(calls: &[Json<'_>], turn: &mut Turn<'_>) {
    for call in calls {
        let function = call.get("function");
        let arguments = arguments_text(function.get("arguments"));
        let (id, name) = (call.str("id"), function.str("name"));
        turn.call(At::End, CallPiece { index: None, id, name, kind: "function", arguments: &arguments });
    }
}

/// Reads the data that all responses have.
fn answer(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.model(json.str("model"));
    draft.usage.update(Usage {
        input: json.count("prompt_eval_count"),
        output: json.count("eval_count"),
        ..Usage::default()
    });
    draft.facts(json, &["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"]);
    draft.has_ended |= *json.get("done") == Json::Bool(true);
    draft.failure(event);
}

#[cfg(test)]
mod tests {
    use crate::json::Json;
    use crate::protocol::Protocol;

    #[test]
    fn bodies_differ_from_those_of_openai() {
        let of = |body: &str| Protocol::of_request(&Json::read(body).unwrap());
        let chat = r#"{"model":"qwen3","messages":[{"role":"user","content":"Hi"}]"#;
        assert_eq!(of(&format!("{chat},\"options\":{{}}}}")), Some(Protocol::OllamaChat));
        assert_eq!(of(&format!("{chat},\"think\":false}}")), Some(Protocol::OllamaChat));
        assert_eq!(of(&format!("{chat},\"temperature\":0}}")), Some(Protocol::OpenAiChat));
        assert_eq!(of(r#"{"model":"m","prompt":"Hi","keep_alive":"5m"}"#), Some(Protocol::OllamaGenerate));
        assert_eq!(of(r#"{"model":"m","input":"Hi","truncate":true}"#), Some(Protocol::OllamaEmbed));
    }
}
