//! The prompt that a request to a model was made from.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serialize;
use serde_json::{Map, Value};

use llmobs_capture::text::{MAX_LABEL_BYTES, cut, shown};
use llmobs_capture::value::{
    field, for_each_string, given, lengths, named, reduce_each, replace, shorten, weight,
};
use llmobs_capture::{DEFAULT_LIMIT, Label, to_value};

/// The template that the input of an `llm` span was made from, and its variables.
///
/// Annotated on an `llm` span, it applies to that span. Annotated on a span of another kind, or in an [annotation
/// context](crate::annotation_context), it applies to the `llm` spans directly below, or inside, that have none of their own.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::prompt::Prompt;
///
/// let span = llmobs::llm("answer").start();
/// span.annotate(|note| {
///     let prompt = Prompt::new("faq")
///         .version("1.2")
///         .template("Answer from {{documents}}: {{question}}")
///         .variable("documents", "It rains.")
///         .variable("question", "Do I need an umbrella?")
///         .context_variables(["documents"]);
///     note.input("Answer from It rains.: Do I need an umbrella?").prompt(prompt);
/// });
/// # span.finish();
/// # let prompt = &collector.events()[0]["meta"]["input"]["prompt"];
/// # assert_eq!(prompt["_dd_context_variable_keys"], serde_json::json!(["documents"]));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[must_use = "give it to `Annotation::prompt`"]
pub struct Prompt {
    /// The id under which Datadog counts the uses of the prompt.
    pub id: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// Where the version is in use, such as `production`.
    pub label: Option<String>,
    /// The prompt before variables are inserted.
    pub template: Option<PromptTemplate>,
    /// The inserted values, by the names of the variables.
    pub variables: Option<Map<String, Value>>,
    /// Tags of the prompt itself.
    pub tags: Option<BTreeMap<String, String>>,
    /// The variables that hold search results.
    pub context_variables: Option<Vec<String>>,
    /// The variables that hold the question.
    pub query_variables: Option<Vec<String>>,
    /// The id of the prompt in Datadog's registry.
    pub uuid: Option<String>,
    /// The id of the version in Datadog's registry.
    pub version_uuid: Option<String>,
}

/// A prompt before variables are inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptTemplate {
    /// One text.
    Text(String),
    /// The messages of a chat.
    Chat(Vec<TemplateMessage>),
}

/// One message of a chat template, or a placeholder for several.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateMessage {
    /// A message, with variables as `{{name}}` in its text.
    Message {
        /// The role of the author.
        role: String,
        /// The text of the message.
        content: String,
    },
    /// A placeholder for messages that are inserted under this name.
    Placeholder(String),
}

/// Reads an object with the names of the fields, such as one that a program keeps next to its code. The template is a text, or a list of
/// objects with `role` and `content`, or with `type`, which is `placeholder`, and `name`. The names that Datadog's Python SDK uses for the
/// chat template, the context variables and the query variables are accepted too. Unknown fields are ignored.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use llmobs::prompt::Prompt;
///
/// let prompt: Prompt = serde_json::from_str(r#"{"id": "faq", "version": "1.2", "template": "Answer {{question}}"}"#)?;
/// assert_eq!(prompt, Prompt::new("faq").version("1.2").template("Answer {{question}}"));
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de> Deserialize<'de> for Prompt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        let names = |name: &str, in_python: &str| match field(&fields, name)? {
            None => field(&fields, in_python),
            names => Ok(names),
        };
        Ok(Self {
            id: field(&fields, "id")?,
            version: field(&fields, "version")?,
            label: field(&fields, "label")?,
            template: match field(&fields, "template")? {
                None => field(&fields, "chat_template")?,
                template => template,
            },
            variables: field(&fields, "variables")?,
            tags: field(&fields, "tags")?,
            context_variables: names("context_variables", "rag_context_variables")?,
            query_variables: names("query_variables", "rag_query_variables")?,
            uuid: field(&fields, "uuid")?,
            version_uuid: field(&fields, "version_uuid")?,
        })
    }
}

impl<'de> Deserialize<'de> for PromptTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            list => Vec::deserialize(list).map(Self::Chat).map_err(D::Error::custom),
        }
    }
}

impl<'de> Deserialize<'de> for TemplateMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        let text = |key| field(&fields, key)?.ok_or_else(|| D::Error::missing_field(key));
        if fields.get("type").is_some_and(|kind| kind == "placeholder") {
            Ok(Self::Placeholder(text("name")?))
        } else {
            Ok(Self::Message { role: text("role")?, content: text("content")? })
        }
    }
}

impl PromptTemplate {
    fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        match self {
            Self::Text(text) => edit(text),
            Self::Chat(messages) => {
                for message in messages {
                    if let TemplateMessage::Message { content, .. } = message {
                        edit(content);
                    }
                }
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Chat(messages) => messages.iter().map(TemplateMessage::bytes).sum(),
        }
    }
}

impl TemplateMessage {
    /// Creates a message, with variables as `{{name}}` in its text.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self::Message { role: role.into(), content: content.into() }
    }

    /// Creates a placeholder for messages that are inserted under a name, such as the history of the chat.
    pub fn placeholder(name: impl Into<String>) -> Self {
        Self::Placeholder(name.into())
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Message { role, content } => role.len() + content.len(),
            Self::Placeholder(name) => name.len(),
        }
    }
}

impl Prompt {
    /// Creates a prompt with the id under which Datadog counts its uses. An empty id is treated as absent: the id is then that of the
    /// application followed by `_unnamed-prompt`.
    pub fn new<Form>(id: impl Label<Form>) -> Self {
        Self { id: named(id), ..Self::default() }
    }

    /// Sets the version. Without one, Datadog makes one from the template.
    pub fn version<Form>(mut self, version: impl Label<Form>) -> Self {
        replace(&mut self.version, named(version));
        self
    }

    /// Sets where the version is in use, such as `production`.
    pub fn label<Form>(mut self, label: impl Label<Form>) -> Self {
        replace(&mut self.label, named(label));
        self
    }

    /// Sets the text before variables are inserted, as `{{name}}`. It replaces a chat template.
    pub fn template<Form>(mut self, template: impl Label<Form>) -> Self {
        replace(&mut self.template, given(template).map(PromptTemplate::Text));
        self
    }

    /// Sets the messages before variables are inserted. They replace a text.
    pub fn chat_template(mut self, messages: impl IntoIterator<Item = TemplateMessage>) -> Self {
        let messages = messages.into_iter().collect::<Vec<_>>();
        let messages = Some(messages).filter(|messages| !messages.is_empty());
        replace(&mut self.template, messages.map(PromptTemplate::Chat));
        self
    }

    /// Sets the value of a variable: any serializable value. `None` and `()` change nothing.
    pub fn variable(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let value = to_value(&value, DEFAULT_LIMIT);
        if !value.is_null() {
            self.variables.get_or_insert_default().insert(cut(name.into(), MAX_LABEL_BYTES), value);
        }
        self
    }

    /// Adds a tag of the prompt itself.
    pub fn tag<Form>(mut self, key: impl Into<String>, value: impl Label<Form>) -> Self {
        if let Some(value) = value.read(|value| shown(value)).flatten() {
            self.tags.get_or_insert_default().insert(cut(key.into(), MAX_LABEL_BYTES), value);
        }
        self
    }

    /// Sets which variables hold search results, so that Datadog can look for hallucinations. Default: `context`.
    pub fn context_variables<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.context_variables = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets which variables hold the question. Default: `question`.
    pub fn query_variables<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.query_variables = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the id of the prompt in Datadog's registry.
    pub fn uuid<Form>(mut self, uuid: impl Label<Form>) -> Self {
        replace(&mut self.uuid, named(uuid));
        self
    }

    /// Sets the id of the version in Datadog's registry.
    pub fn version_uuid<Form>(mut self, uuid: impl Label<Form>) -> Self {
        replace(&mut self.version_uuid, named(uuid));
        self
    }

    /// Merges a later prompt. Fields that it does not set are kept.
    pub(crate) fn add(&mut self, later: Self) {
        replace(&mut self.id, later.id);
        replace(&mut self.version, later.version);
        replace(&mut self.label, later.label);
        replace(&mut self.template, later.template);
        replace(&mut self.variables, later.variables);
        replace(&mut self.tags, later.tags);
        replace(&mut self.context_variables, later.context_variables);
        replace(&mut self.query_variables, later.query_variables);
        replace(&mut self.uuid, later.uuid);
        replace(&mut self.version_uuid, later.version_uuid);
    }

    /// Returns about how many bytes of memory the prompt takes.
    pub(crate) fn bytes(&self) -> usize {
        let texts = lengths([&self.id, &self.version, &self.label, &self.uuid, &self.version_uuid]);
        let template = self.template.as_ref().map_or(0, PromptTemplate::bytes);
        let tags = self.tags.iter().flatten().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        let names = [&self.context_variables, &self.query_variables];
        let names = names.into_iter().flatten().flatten().map(String::len).sum::<usize>();
        texts + template + tags + names + self.variables.as_ref().map_or(0, weight)
    }

    /// Calls `edit` with the texts of the template, the variables and the tags.
    pub(crate) fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        if let Some(template) = &mut self.template {
            template.for_each_text(edit);
        }
        for variable in self.variables.iter_mut().flat_map(Map::values_mut) {
            for_each_string(variable, edit);
        }
        self.tags.iter_mut().flat_map(BTreeMap::values_mut).for_each(edit);
    }

    /// Cuts templates and variables that are longer than `limit` bytes.
    pub(crate) fn limit(&mut self, limit: usize) {
        self.variables.iter_mut().for_each(|variables| reduce_each(variables, limit));
        self.template
            .iter_mut()
            .for_each(|template| template.for_each_text(&mut |text| shorten(text, limit)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Prompt, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_prompt_is_read_by_field_names() {
        let everything = r#"{
            "id": "faq", "version": "1", "label": "production", "template": "{{q}} {{c}}", "variables": { "q": "Why?", "n": 1 },
            "tags": { "team": "x" }, "context_variables": ["c"], "query_variables": ["q"], "uuid": "u", "version_uuid": "v",
            "ml_app": "unknown here"
        }"#;
        let expected = Prompt::new("faq").version("1").label("production").template("{{q}} {{c}}");
        let expected = expected.variable("q", "Why?").variable("n", 1).tag("team", "x");
        let expected = expected.context_variables(["c"]).query_variables(["q"]).uuid("u").version_uuid("v");
        assert_eq!(read(everything), Ok(expected));
        assert_eq!(read(r#"{"id": null}"#), Ok(Prompt::default()));
    }

    #[test]
    fn a_prompt_of_the_python_sdk_is_read() {
        let chat = r#"{
            "chat_template": [{ "role": "user", "content": "{{q}}" }, { "type": "placeholder", "name": "history" }],
            "rag_context_variables": ["c"], "rag_query_variables": ["q"]
        }"#;
        let messages = [TemplateMessage::new("user", "{{q}}"), TemplateMessage::placeholder("history")];
        let expected = Prompt::default().chat_template(messages);
        assert_eq!(read(chat), Ok(expected.context_variables(["c"]).query_variables(["q"])));
    }

    #[test]
    fn errors_name_the_invalid_field() {
        let error = |json| read(json).unwrap_err();
        assert_eq!(error(r#"{"id": 5}"#), "id: invalid type: integer `5`, expected a string");
        assert_eq!(error(r#"{"template": [{ "role": "user" }]}"#), "template: missing field `content`");
    }
}
