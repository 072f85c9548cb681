//! Intents: why a model calls a tool. The schema of each tool gets an additional argument that asks for it. The argument is removed from
//! calls before the tool receives them.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

const TELEMETRY: &str = "telemetry";
const INTENT: &str = "intent";
/// The wording of Datadog's SDKs.
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
    // A value that is not a schema is unchanged.
    let Value::Object(properties) = schema.entry("properties").or_insert_with(|| json!({})) else { return };
    properties.insert(TELEMETRY.to_owned(), telemetry);
    if let Value::Array(required) = schema.entry("required").or_insert_with(|| json!([])) {
        required.push(TELEMETRY.into());
    }
}

/// Returns whether the model can call a tool. SEP-1865 marks some tools as callable only by the interface of a host.
fn is_for_models(tool: &Tool) -> bool {
    let visibility = tool.meta.as_ref().and_then(|meta| meta.get("ui")?.get("visibility")?.as_array());
    visibility.is_none_or(|visibility| visibility.iter().any(|who| who == "model"))
}

/// Removes the argument from a call. An argument of this name in another form belongs to the tool, and stays.
pub(crate) fn take(arguments: &mut JsonObject) -> Option<String> {
    let telemetry = arguments.get(TELEMETRY)?.as_object()?;
    if telemetry.keys().any(|key| key != INTENT) {
        return None;
    }
    let telemetry = arguments.remove(TELEMETRY)?;
    telemetry.get(INTENT)?.as_str().filter(|intent| !intent.is_empty()).map(ToOwned::to_owned)
}
