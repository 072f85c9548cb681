//! The manifest of an agent: what it is made of.

use serde::Serialize;
use serde_json::{Map, Value};

use llmobs_capture::text::{MAX_LABEL_BYTES, cut};
use llmobs_capture::value::{
    for_each_string, given, lengths, named, reduce_each, reduce_object, replace, shorten, weight,
};
use llmobs_capture::{DEFAULT_LIMIT, Label, to_value, warn_limited};

/// The model settings that Datadog shows.
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

/// The manifest of an agent, to be annotated on an `agent` span: instructions, model, tools.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::manifest::{AgentManifest, AgentTool};
///
/// let span = llmobs::agent("support").start();
/// span.annotate(|note| {
///     note.agent(
///         AgentManifest::new()
///             .version("3")
///             .instructions("Help.")
///             .model("gpt-4o")
///             .model_setting("temperature", 0.2)
///             .tool(AgentTool::new("search")),
///     );
/// });
/// # span.finish();
/// # let manifest = &collector.events()[0]["meta"]["metadata"]["_dd"]["agent_manifest"];
/// # assert_eq!(manifest["tools"], serde_json::json!([{ "name": "search" }]));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[must_use = "give it to `Annotation::agent`"]
pub struct AgentManifest {
    /// The version of the agent. It is sent as the tag `agent_version`.
    pub version: Option<String>,
    /// The name of the agent. Default: that of the span.
    pub name: Option<String>,
    /// The instructions of the agent.
    pub instructions: Option<String>,
    /// The name of the model.
    pub model: Option<String>,
    /// The settings of the model by name.
    pub model_settings: Map<String, Value>,
    /// The tools that the agent has.
    pub tools: Vec<AgentTool>,
}

/// A tool that an agent has.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[must_use = "give it to `AgentManifest::tool`"]
pub struct AgentTool {
    /// The name that the model calls it by.
    pub name: String,
    /// What the tool does.
    pub description: Option<String>,
    /// The type of each parameter, and whether it is required.
    pub parameters: Map<String, Value>,
}

impl AgentTool {
    /// Creates a tool. A tool without a name is left out.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: cut(name.into(), MAX_LABEL_BYTES), ..Self::default() }
    }

    /// Sets what the tool does.
    pub fn description<Form>(mut self, description: impl Label<Form>) -> Self {
        replace(&mut self.description, given(description));
        self
    }

    /// Sets the parameters, from a JSON schema of an object or from an object of parameters by name. The type of each is kept, and whether
    /// it is required. Any other value is left out, with a warning.
    pub fn parameters(mut self, parameters: impl Serialize) -> Self {
        let schema = to_value(&parameters, DEFAULT_LIMIT);
        if !schema.is_object() && !schema.is_null() {
            warn_limited!(
                "the parameters of the tool {:?} of an agent were left out: give an object, such as json!({{\"type\": \
                 \"object\"}})",
                self.name
            );
        }
        let schematic = schema.get("type").is_some_and(|kind| kind == "object")
            || ["$schema", "properties"].into_iter().any(|key| schema.get(key).is_some());
        let properties = if schematic { schema.get("properties") } else { Some(&schema) };
        let properties = properties.and_then(Value::as_object).into_iter().flatten();
        let required = |name: &str, parameter: &Value| {
            let listed = schema.get("required").and_then(Value::as_array);
            parameter.get("required") == Some(&Value::Bool(true))
                || listed.is_some_and(|listed| listed.iter().any(|other| other == name))
        };
        // `true` means any value in a schema, and something else in an object of parameters.
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

    fn bytes(&self) -> usize {
        self.name.len() + lengths([&self.description]) + weight(&self.parameters)
    }
}

impl AgentManifest {
    /// Creates an empty manifest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the version of the agent, which becomes the tag `agent_version`.
    pub fn version<Form>(mut self, version: impl Label<Form>) -> Self {
        replace(&mut self.version, named(version));
        self
    }

    /// Sets the name of the agent. Default: that of the span.
    pub fn name<Form>(mut self, name: impl Label<Form>) -> Self {
        replace(&mut self.name, named(name));
        self
    }

    /// Sets the instructions of the agent.
    pub fn instructions<Form>(mut self, instructions: impl Label<Form>) -> Self {
        replace(&mut self.instructions, given(instructions));
        self
    }

    /// Sets the name of the model.
    pub fn model<Form>(mut self, model: impl Label<Form>) -> Self {
        replace(&mut self.model, named(model));
        self
    }

    /// Adds a model setting, such as `temperature`. `None` changes nothing. A setting that Datadog does not show is left out, with a
    /// warning.
    pub fn model_setting(mut self, key: &str, value: impl Serialize) -> Self {
        if SETTINGS.contains(&key) {
            let value = to_value(&value, DEFAULT_LIMIT);
            if !value.is_null() {
                self.model_settings.insert(key.to_owned(), value);
            }
        } else {
            warn_limited!("the model setting {key:?} was left out: Datadog shows {}", SETTINGS.join(", "));
        }
        self
    }

    /// Adds a tool of the agent. A tool without a name is left out, with a warning.
    pub fn tool(mut self, tool: AgentTool) -> Self {
        if tool.name.is_empty() {
            warn_limited!("a tool of an agent was left out: it has no name");
        } else {
            self.tools.push(tool);
        }
        self
    }

    /// Merges a later manifest, field by field.
    pub(crate) fn add(&mut self, later: Self) {
        let Self { version, name, instructions, model, model_settings, tools } = later;
        replace(&mut self.version, version);
        replace(&mut self.name, name);
        replace(&mut self.instructions, instructions);
        replace(&mut self.model, model);
        if !model_settings.is_empty() {
            self.model_settings = model_settings;
        }
        if !tools.is_empty() {
            self.tools = tools;
        }
    }

    /// Calls `edit` with each text that a person wrote: instructions, descriptions of tools, texts in settings.
    pub(crate) fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.instructions.iter_mut().for_each(&mut *edit);
        self.model_settings.values_mut().for_each(|value| for_each_string(value, edit));
        self.tools.iter_mut().filter_map(|tool| tool.description.as_mut()).for_each(edit);
    }

    /// Cuts texts that are longer than `limit` bytes.
    pub(crate) fn limit(&mut self, limit: usize) {
        reduce_each(&mut self.model_settings, limit);
        self.instructions.iter_mut().for_each(|text| shorten(text, limit));
        for tool in &mut self.tools {
            reduce_object(&mut tool.parameters, limit);
            tool.description.iter_mut().for_each(|text| shorten(text, limit));
        }
    }

    /// Returns about how many bytes of memory the manifest takes.
    pub(crate) fn bytes(&self) -> usize {
        lengths([&self.version, &self.name, &self.instructions, &self.model])
            + weight(&self.model_settings)
            + self.tools.iter().map(AgentTool::bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_come_from_a_schema_or_a_list() {
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
