//! Intents: why a model calls a tool. The schema of each tool gets one more argument that asks for it, and calls lose it again before
//! the tool sees them.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

const TELEMETRY: &str = "telemetry";
const INTENT: &str = "intent";
/// The words of Datadog's SDKs.
const PROMPT: &str = "Briefly describe the wider context task, and why this tool was chosen. Omit argument values, PII/secrets. Use English.";

/// Adds the argument to the schemas of the tools that models can call and that have no argument of this name.
pub(crate) fn ask(tools: &mut [Tool]) {
    for tool in tools.iter_mut().filter(|tool| is_for_models(tool) && !has_own(&tool.input_schema)) {
        add(Arc::make_mut(&mut tool.input_schema));
    }
}

fn has_own(schema: &JsonObject) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(TELEMETRY).is_some())
}

fn add(schema: &mut JsonObject) {
    let telemetry = json!({
        "type": "object",
        "properties": { INTENT: { "type": "string", "description": PROMPT } },
        "required": [INTENT],
        "additionalProperties": false,
    });
    schema.entry("type").or_insert_with(|| "object".into());
    // Something else than a schema stays as it is.
    let Value::Object(properties) = schema.entry("properties").or_insert_with(|| json!({})) else { return };
    properties.insert(TELEMETRY.to_owned(), telemetry);
    if let Value::Array(required) = schema.entry("required").or_insert_with(|| json!([])) {
        required.push(TELEMETRY.into());
    }
}

/// Whether the model can call a tool. Of some tools SEP-1865 says that only the interface of a host can.
fn is_for_models(tool: &Tool) -> bool {
    let visibility = tool.meta.as_ref().and_then(|meta| meta.get("ui")?.get("visibility")?.as_array());
    visibility.is_none_or(|visibility| visibility.iter().any(|who| who == "model"))
}

/// Takes the argument out of a call. An argument of this name in another form is the tool's own, and stays.
pub(crate) fn take(arguments: &mut JsonObject) -> Option<String> {
    let telemetry = arguments.get(TELEMETRY)?.as_object()?;
    if telemetry.keys().any(|key| key != INTENT) {
        return None;
    }
    let telemetry = arguments.remove(TELEMETRY)?;
    telemetry.get(INTENT)?.as_str().filter(|intent| !intent.is_empty()).map(ToOwned::to_owned)
}
