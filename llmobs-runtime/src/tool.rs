//! Tools that a model may call.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::capture::{Captured, MAX_LABEL_BYTES, cut};
use crate::config::CAPTURE_LIMIT;
use crate::notice::warn_limited;
use crate::values::{fields, for_each_string, lengths, named, reduce_object, shorten, weight};

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
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[must_use = "give it to `Annotation::tool_definitions`"]
pub struct ToolDefinition {
    /// The name that the model calls it by.
    pub name: String,
    /// What the model was told about the tool.
    pub description: Option<String>,
    /// The JSON schema of the arguments.
    pub schema: Option<Map<String, Value>>,
    /// The version of the tool.
    pub version: Option<String>,
}

impl ToolDefinition {
    /// A tool by the name that the model calls it by, which must not be empty.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: cut(name.into(), MAX_LABEL_BYTES), ..Self::default() }
    }

    /// What the model was told about the tool.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The JSON schema of the arguments: any serializable object. Another value is left out, with a warning.
    pub fn schema(mut self, schema: impl Serialize) -> Self {
        self.schema = match Captured::annotated(&schema, CAPTURE_LIMIT).parse() {
            Value::Object(schema) => Some(schema),
            Value::Null => None,
            _ => {
                warn_limited!(
                    "the schema of the tool {:?} was left out: give an object, such as json!({{\"type\": \"object\"}})",
                    self.name
                );
                None
            }
        };
        self
    }

    /// The version of the tool. `tool` spans of this name right under the `llm` span get it too.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = named(version);
        self
    }

    /// Shows `edit` the texts that somebody wrote.
    pub(crate) fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.description.iter_mut().for_each(&mut *edit);
        let schema = self.schema.iter_mut().flat_map(Map::values_mut);
        schema.for_each(|value| for_each_string(value, edit));
    }

    /// Cuts what is longer than `limit` bytes.
    pub(crate) fn limit(&mut self, limit: usize) {
        self.schema.iter_mut().for_each(|schema| reduce_object(schema, limit));
        self.description.iter_mut().for_each(|text| shorten(text, limit));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.name.len() + lengths([&self.description, &self.version]) + self.schema.as_ref().map_or(0, weight)
    }
}

impl From<ToolDefinition> for Value {
    fn from(tool: ToolDefinition) -> Self {
        let fields = fields([
            ("name", Some(tool.name.into())),
            ("description", tool.description.map(Self::from)),
            ("schema", tool.schema.map(Self::from)),
            ("version", tool.version.map(Self::from)),
        ]);
        fields.into()
    }
}
