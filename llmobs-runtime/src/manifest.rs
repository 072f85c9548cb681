//! What an agent is made of.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::capture::Captured;
use crate::config::CAPTURE_LIMIT;
use crate::notice::warn_limited;
use crate::values::weight;

/// The settings of a model that Datadog shows.
const SETTINGS: [&str; 14] = [
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "parallel_tool_calls",
    "presence_penalty",
    "seed",
    "stop_sequences",
    "temperature",
    "timeout",
    "tool_choice",
    "top_k",
    "top_logprobs",
    "top_p",
];

/// What an agent is made of, to be annotated on an `agent` span: instructions, model, tools.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::{AgentManifest, AgentTool};
///
/// let span = llmobs::agent("support").start();
/// span.annotate(|span| {
///     span.agent(
///         AgentManifest::new()
///             .version("3")
///             .instructions("Help.")
///             .model("gpt-4o")
///             .model_setting("temperature", 0.2)
///             .tool(AgentTool::new("search")),
///     )
/// });
/// # span.finish();
/// # let manifest = &collector.events()[0]["meta"]["metadata"]["_dd"]["agent_manifest"];
/// # assert_eq!(manifest["tools"], serde_json::json!([{ "name": "search" }]));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "give it to `Annotation::agent`"]
pub struct AgentManifest {
    version: Option<String>,
    fields: Map<String, Value>,
}

/// A tool that an agent has.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "give it to `AgentManifest::tool`"]
pub struct AgentTool {
    name: String,
    description: Option<String>,
    parameters: Map<String, Value>,
}

impl AgentTool {
    /// A tool by its name. One without a name is left out.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), description: None, parameters: Map::new() }
    }

    /// What it does.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Its parameters, as a JSON schema of an object or as an object of parameters by name. Of each the type is kept, and
    /// whether it is required.
    pub fn parameters(mut self, parameters: impl Serialize) -> Self {
        let schema = Captured::annotated(&parameters, CAPTURE_LIMIT).parse();
        let schematic = schema.get("type").is_some_and(|kind| kind == "object")
            || ["$schema", "properties"].into_iter().any(|key| schema.get(key).is_some());
        let properties = if schematic { schema.get("properties") } else { Some(&schema) };
        let properties = properties.and_then(Value::as_object).into_iter().flatten();
        let required = |name: &str, parameter: &Value| {
            let listed = schema.get("required").and_then(Value::as_array);
            parameter.get("required") == Some(&Value::Bool(true))
                || listed.is_some_and(|listed| listed.iter().any(|other| other == name))
        };
        // Where a schema may say `true` for any value, an object of parameters says something else.
        for (name, parameter) in properties.filter(|(_, parameter)| schematic || parameter.is_object()) {
            let mut kept = Map::new();
            if let Some(kind) = parameter.get("type").filter(|kind| kind.is_string()) {
                kept.insert("type".to_owned(), kind.clone());
            }
            if required(name, parameter) {
                kept.insert("required".to_owned(), true.into());
            }
            self.parameters.insert(name.clone(), Value::Object(kept));
        }
        self
    }
}

impl AgentManifest {
    /// One that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn put(mut self, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.fields.insert(key.to_owned(), value.into());
        }
        self
    }

    /// The version of the agent, which becomes the tag `agent_version`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into()).filter(|version| !version.is_empty());
        self
    }

    /// The name of the agent. Default: that of the span.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.put("name", name)
    }

    /// What the model is told about its task.
    pub fn instructions(self, instructions: impl Into<String>) -> Self {
        self.put("instructions", instructions)
    }

    /// The name of the model.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.put("model", model)
    }

    /// A setting of the model, such as `temperature`. One that Datadog does not show is left out, with a warning.
    pub fn model_setting(mut self, key: &str, value: impl Serialize) -> Self {
        if !SETTINGS.contains(&key) {
            warn_limited!("the model setting {key:?} was left out: Datadog shows {}", SETTINGS.join(", "));
            return self;
        }
        let value = Captured::annotated(&value, CAPTURE_LIMIT).parse();
        let settings = self.fields.entry("model_settings").or_insert_with(|| json!({}));
        if let Value::Object(settings) = settings {
            settings.insert(key.to_owned(), value);
        }
        self
    }

    /// A tool that the agent has.
    pub fn tool(mut self, tool: AgentTool) -> Self {
        if tool.name.is_empty() {
            return self;
        }
        let mut value = Map::from_iter([("name".to_owned(), Value::from(tool.name))]);
        if let Some(description) = tool.description.filter(|description| !description.is_empty()) {
            value.insert("description".to_owned(), description.into());
        }
        if !tool.parameters.is_empty() {
            value.insert("parameters".to_owned(), tool.parameters.into());
        }
        if let Value::Array(tools) = self.fields.entry("tools").or_insert_with(|| json!([])) {
            tools.push(value.into());
        }
        self
    }

    /// Takes over what was said later, field by field.
    pub(crate) fn add(&mut self, later: Self) {
        self.version = later.version.or_else(|| self.version.take());
        self.fields.extend(later.fields);
    }

    /// The version, which is a tag of the span.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(crate) fn bytes(&self) -> usize {
        weight(&self.fields) + self.version.as_ref().map_or(0, String::len)
    }

    /// The object on the wire, or `None` where nothing was said.
    pub(crate) fn into_json(mut self, span_name: &str) -> Option<Value> {
        if self.fields.is_empty() {
            return None;
        }
        self.fields.insert("framework".to_owned(), "manual".into());
        self.fields.entry("name").or_insert_with(|| span_name.into());
        Some(self.fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_a_schema_or_those_that_are_named() {
        let string = json!({ "type": "string" });
        for (given, parameters) in [
            (json!({ "$schema": "x", "title": "Now", "type": "object" }), json!({})),
            (json!({ "type": "object" }), json!({})),
            (
                json!({ "properties": { "a": string, "b": true }, "required": ["b"] }),
                json!({ "a": string, "b": { "required": true } }),
            ),
            (json!({ "$schema": "x", "properties": { "type": string } }), json!({ "type": string })),
            (json!({ "type": string, "title": string }), json!({ "type": string, "title": string })),
            (
                json!({ "a": { "type": "string", "required": true, "enum": [] }, "title": "Now" }),
                json!({ "a": { "type": "string", "required": true } }),
            ),
            (json!("none"), json!({})),
        ] {
            let tool = AgentTool::new("t").parameters(&given);
            assert_eq!(Value::from(tool.parameters), parameters, "{given}");
        }
    }
}
