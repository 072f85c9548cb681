//! Tools that a model may call.

use serde::Serialize;
use serde_json::{Value, json};

use crate::capture::Captured;
use crate::config::CAPTURE_LIMIT;
use crate::values::weight;

/// A tool that a model was told about, to be annotated on an `llm` span.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # use serde_json::json;
/// let weather = llmobs::ToolDefinition::new("weather")
///     .description("What the weather is in a city.")
///     .schema(json!({ "type": "object", "properties": { "city": { "type": "string" } } }))
///     .version("2");
/// # let _ = weather;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "give it to `Annotation::tool_definition`"]
pub struct ToolDefinition {
    pub(crate) name: String,
    description: Option<String>,
    schema: Option<Value>,
    pub(crate) version: Option<String>,
}

impl ToolDefinition {
    /// A tool by the name that the model calls it by, which must not be empty.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), description: None, schema: None, version: None }
    }

    /// What the model was told about the tool.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The JSON schema of the arguments: any serializable object.
    pub fn schema(mut self, schema: impl Serialize) -> Self {
        let schema = Captured::annotated(&schema, CAPTURE_LIMIT).parse();
        self.schema = Some(schema).filter(Value::is_object);
        self
    }

    /// The version of the tool. `tool` spans of this name right under the `llm` span get it too.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        let texts = [&self.description, &self.version].into_iter().flatten().map(String::len).sum::<usize>();
        self.name.len() + texts + self.schema.as_ref().and_then(Value::as_object).map_or(0, weight)
    }
}

impl From<ToolDefinition> for Value {
    fn from(tool: ToolDefinition) -> Self {
        let mut value = json!({ "name": tool.name });
        let text = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Self::from);
        let optional = [
            ("description", text(tool.description)),
            ("schema", tool.schema),
            ("version", text(tool.version)),
        ];
        if let Self::Object(fields) = &mut value {
            let given = optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
            fields.extend(given);
        }
        value
    }
}
