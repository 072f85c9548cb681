//! Tools that a model may call.

mod form;

use llmobs_capture::text::{MAX_LABEL_BYTES, cut};
use llmobs_capture::value::{
    for_each_string, given, lengths, named, reduce_object, replace, shorten, weight,
};
use llmobs_capture::{DEFAULT_LIMIT, Label, to_value, warn_limited};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::json::Json;
use crate::text;
pub(crate) use form::ToolForm;

/// A tool that a model may call.
///
/// It serializes in the form that Datadog's intake accepts.
///
/// ```
/// # mod llmobs { pub mod content { pub use llmobs_providers::*; } }
/// use llmobs::content::ToolDefinition;
/// use serde_json::json;
///
/// let weather = ToolDefinition::new("weather")
///     .description("Returns the weather of a city.")
///     .schema(json!({ "type": "object", "properties": { "city": { "type": "string" } } }))
///     .version("2");
/// assert_eq!(weather.version.as_deref(), Some("2"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[must_use = "a definition does nothing by itself: annotate a span with it"]
pub struct ToolDefinition {
    /// The name by which the model calls the tool.
    pub name: String,
    /// The description of the tool for the model.
    pub description: Option<String>,
    /// The JSON schema of the arguments.
    pub schema: Option<Map<String, Value>>,
    /// The version of the tool.
    pub version: Option<String>,
}

impl ToolDefinition {
    /// Creates a definition with the name by which the model calls the tool. The name must not be empty.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: cut(name.into(), MAX_LABEL_BYTES), ..Self::default() }
    }

    /// Reads definitions in the form of a provider or a library: those of OpenAI, Anthropic, Gemini, Bedrock, Cohere, Ollama and MCP, and
    /// of the libraries `genai` and `rig`. Accepts one definition or a list.
    ///
    /// Built-in tools of a provider have no schema. Their type is used as the name.
    ///
    /// ```
    /// # mod llmobs { pub mod content { pub use llmobs_providers::*; } }
    /// use llmobs::content::ToolDefinition;
    /// use serde_json::json;
    ///
    /// let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    /// let openai = json!([{ "type": "function", "function": { "name": "weather", "parameters": schema } }]);
    /// let gemini = json!({ "functionDeclarations": [{ "name": "weather", "parameters": schema }] });
    /// let mcp = json!({ "tools": [{ "name": "weather", "inputSchema": schema }] });
    /// for tools in [openai, gemini, mcp] {
    ///     assert_eq!(ToolDefinition::read_all(tools), [ToolDefinition::new("weather").schema(&schema)]);
    /// }
    /// ```
    #[must_use]
    pub fn read_all(tools: impl Serialize) -> Vec<Self> {
        let mut text = String::new();
        llmobs_capture::serialize(&tools, DEFAULT_LIMIT, &mut text);
        let mut definitions = Vec::new();
        if let Some(given) = Json::read(&text) {
            ToolForm::each(&given, &mut |form| {
                let definition = Self::new(form.name).description(form.description).version(form.version);
                definitions.push(Self { schema: form.schema.map(Json::to_map), ..definition });
            });
        }
        definitions
    }

    /// Sets the description of the tool for the model.
    pub fn description<Form>(mut self, description: impl Label<Form>) -> Self {
        replace(&mut self.description, given(description));
        self
    }

    /// Sets the JSON schema of the arguments, from any value that serializes as an object. Any other value is left out, and a warning is
    /// logged.
    pub fn schema(mut self, schema: impl Serialize) -> Self {
        match to_value(&schema, DEFAULT_LIMIT) {
            Value::Object(schema) => self.schema = Some(schema),
            Value::Null => {}
            _ => {
                warn_limited!(
                    "the schema of the tool {:?} was left out: give an object, such as json!({{\"type\": \"object\"}})",
                    self.name
                );
            }
        }
        self
    }

    /// Sets the version of the tool. `tool` spans with this name that are direct children of the `llm` span also get it.
    pub fn version<Form>(mut self, version: impl Label<Form>) -> Self {
        replace(&mut self.version, named(version));
        self
    }

    /// Calls `edit` with every text that a person wrote.
    #[doc(hidden)]
    pub fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.description.iter_mut().for_each(&mut *edit);
        let schema = self.schema.iter_mut().flat_map(Map::values_mut);
        schema.for_each(|value| for_each_string(value, edit));
    }

    /// Shortens texts that are longer than `limit` bytes.
    #[doc(hidden)]
    pub fn limit(&mut self, limit: usize) {
        self.schema.iter_mut().for_each(|schema| reduce_object(schema, limit));
        self.description.iter_mut().for_each(|text| shorten(text, limit));
    }

    /// Returns about how many bytes of memory the definition takes.
    #[doc(hidden)]
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.name.len() + lengths([&self.description, &self.version]) + self.schema.as_ref().map_or(0, weight)
    }
}

crate::serialize_struct! {
    ToolDefinition |tool| {;
        "name": text(&tool.name),
        "description": tool.description.as_deref().and_then(text),
        "schema": &tool.schema,
        "version": tool.version.as_deref().and_then(text),
    }
}

crate::deserialize_struct! {
    ToolDefinition |tool| {
        "name": tool.name;
        "description": tool.description,
        "schema": tool.schema,
        "version": tool.version,
    }
}

crate::into_value! { ToolDefinition }

#[cfg(test)]
mod tests;
