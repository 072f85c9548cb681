//! OpenTelemetry's attributes: <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>.

use super::{Group, document, message, structure, value};
use crate::protocol::Operation;
use crate::request::RequestDraft;
use crate::response::ResponseDraft;

/// The attributes that only this convention has.
pub(super) const MESSAGES: [&str; 3] =
    ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"];

pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) {
    let name = attributes.str("gen_ai.operation.name");
    let operation = match name {
        "chat" | "generate_content" => Some(Operation::Chat),
        "text_completion" => Some(Operation::Completion),
        "embeddings" => Some(Operation::Embedding),
        _ => None,
    };
    if let Some(operation) = operation {
        request.operation(operation);
    }
    request.tools(&attributes.structure("gen_ai.tool.definitions"));
    let system = attributes.structure("gen_ai.system_instructions");
    request.system("system", |turn| message::parts(&system, turn));
    let input = attributes.first(&["gen_ai.input.messages", "gen_ai.prompt", "input.value"]);
    value::read_request(&structure(input), operation, request);

    let output = attributes.first(&["gen_ai.output.messages", "gen_ai.completion", "output.value"]);
    value::read_response(&structure(output), response);
    let found = if name == "search_memory" { "gen_ai.memory.records" } else { "gen_ai.retrieval.documents" };
    for found in attributes.structure(found).items() {
        let found = document::read(found, |text| response.room.whole(text));
        response.document(found);
    }
}
