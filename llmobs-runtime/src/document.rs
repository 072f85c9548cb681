//! Documents of a retrieval or an embedding, and the vectors that an embedding returns.

use serde_json::{Map, Number, Value, json};

use crate::metric::{Metric, Reading};
use crate::wire::as_on_the_wire;

/// One document, to be annotated as input of an `embedding` or output of a `retrieval` span: alone or in a list.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::Document;
///
/// let span = llmobs::retrieval("search").start();
/// span.annotate(|span| {
///     span.input("umbrellas").output([Document::new("It rains.").name("weather.md").id("7").score(0.5)])
/// });
/// # span.finish();
/// # assert_eq!(collector.tree(), "retrieval search  in umbrellas  out It rains.\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// What stands in it.
    pub text: String,
    /// Its title or file.
    pub name: Option<String>,
    /// Its id in the knowledge base.
    pub id: Option<String>,
    /// How well it fits, as the search says.
    pub score: Option<Number>,
}

impl Document {
    /// A document with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Its title or file.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Its id in the knowledge base.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How well it fits, as the search says. One that is not a finite number is left out.
    #[must_use]
    pub fn score(mut self, score: impl Metric) -> Self {
        self.score = if let Reading::Is(score) = score.reading() { Some(score) } else { None };
        self
    }

    /// The arguments of an instrumented function: a lone document or list, else an argument that is a list of documents,
    /// else the field `input` of an argument, as the embedding APIs take, else the one string among the arguments.
    pub(crate) fn read_arguments(arguments: &[Value]) -> Option<Vec<Self>> {
        if let [only] = arguments
            && let Some(documents) = Self::read_all(only)
        {
            return Some(documents);
        }
        let lists = arguments.iter().filter(|value| value.as_array().is_some_and(|items| !items.is_empty()));
        let inputs = arguments.iter().filter_map(|value| value.get("input"));
        lists.chain(inputs).find_map(Self::read_all).or_else(|| {
            let mut strings = arguments.iter().filter(|value| value.is_string());
            strings.next().filter(|_| strings.next().is_none()).and_then(Self::read_all)
        })
    }

    /// A string, an object with a string `text`, or a list of those.
    pub(crate) fn read_all(value: &Value) -> Option<Vec<Self>> {
        match value {
            Value::Array(items) => items.iter().map(Self::read).collect(),
            other => Some(vec![Self::read(other)?]),
        }
    }

    pub(crate) fn read(value: &Value) -> Option<Self> {
        if let Value::String(text) = value {
            return Some(Self::new(text.clone()));
        }
        let string = |key| value.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self {
            text: value.get("text")?.as_str()?.to_owned(),
            name: string("name"),
            id: string("id").or_else(|| value.get("id")?.as_number().map(ToString::to_string)),
            // A score of zero is kept; the reference SDK loses it.
            score: value.get("score").and_then(Value::as_number).cloned(),
        })
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        let mut fields = Map::from_iter([("text".to_owned(), json!(document.text))]);
        fields.extend(document.name.map(|name| ("name".to_owned(), json!(name))));
        fields.extend(document.id.map(|id| ("id".to_owned(), json!(id))));
        fields.extend(document.score.map(|score| ("score".to_owned(), json!(score))));
        Self::Object(fields)
    }
}

as_on_the_wire! { Document }

/// How many vectors of which size, for a vector, a list of vectors, or OpenAI's `{data: [{embedding}]}`.
pub(crate) fn describe_vectors(value: &Value) -> Option<String> {
    let single = std::slice::from_ref(value);
    let vectors = match value {
        Value::Object(response) => response.get("data")?.as_array()?,
        Value::Array(items) if items.first().is_some_and(Value::is_array) => items,
        _ => single,
    };
    let sizes: Vec<Option<usize>> = vectors.iter().map(size_of_vector).collect();
    // A list that was cut at the budget of a capture ends with a vector that is not all numbers, or with a note.
    let (whole, more) = match sizes.as_slice() {
        [whole @ .., None] if !whole.is_empty() && vectors.last().is_some_and(is_cut) => {
            (whole, "more than ")
        }
        whole => (whole, ""),
    };
    let size = whole.first().copied()??;
    whole
        .iter()
        .all(|other| *other == Some(size))
        .then(|| format!("[{more}{} embedding(s) returned with size {size}]", whole.len()))
}

fn size_of_vector(value: &Value) -> Option<usize> {
    let numbers = value.get("embedding").unwrap_or(value).as_array()?;
    (!numbers.is_empty() && numbers.iter().all(Value::is_number)).then_some(numbers.len())
}

/// Whether the last thing inside is a note of a cut, which is a text with an ellipsis.
fn is_cut(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with("… ["),
        Value::Array(items) => items.last().is_some_and(is_cut),
        Value::Object(fields) => fields.values().any(is_cut),
        _ => false,
    }
}
