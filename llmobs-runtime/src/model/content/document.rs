//! Documents of a retrieval or an embedding, and the vectors that an embedding returns.

use llmobs_capture::warn_limited;
use llmobs_providers::Document;
use llmobs_providers::json::Json;

/// Reads the documents in the arguments of an instrumented function: a lone document or list, else an argument that is a list of documents,
/// else the field `input` of an argument, as the embedding APIs take, else the only string among the arguments.
pub(crate) fn read_arguments(arguments: &[&Json<'_>]) -> Option<Vec<Document>> {
    if let [only] = arguments
        && let Some(documents) = read_all(only)
    {
        return Some(documents);
    }
    let lists = arguments.iter().copied().filter(|value| !value.items().is_empty());
    let inputs = arguments.iter().filter_map(|value| value.field("input"));
    lists.chain(inputs).find_map(read_all).or_else(|| {
        let mut strings = arguments.iter().filter(|value| matches!(value, Json::Text(_)));
        strings.next().filter(|_| strings.next().is_none()).and_then(|only| read_all(only))
    })
}

/// A string, an object with a string `text`, or a list of those.
pub(crate) fn read_all(value: &Json<'_>) -> Option<Vec<Document>> {
    match value {
        Json::Array(items) => items.iter().map(read).collect(),
        other => Some(vec![read(other)?]),
    }
}

pub(crate) fn read(value: &Json<'_>) -> Option<Document> {
    if let Json::Text(text) = value {
        return Some(Document::new(&**text));
    }
    let mut document = Document::new(value.get("text").as_str()?);
    [document.name, document.id] =
        ["name", "id"].map(|key| Some(label(value, key)).filter(|text| !text.is_empty()));
    // A score of zero is kept. The reference SDK omits it.
    document.score = value.get("score").to_value().as_number().cloned();
    if document.score.is_none() && value.field("score").is_some() {
        warn_limited!("the score of a document was left out: it is not a number");
    }
    Some(document)
}

/// A field that is a short text, such as a name. A number is its text.
fn label(value: &Json<'_>, key: &str) -> String {
    if matches!(value.get(key), Json::Bool(_) | Json::Array(_) | Json::Object(_)) {
        warn_limited!("the field {key:?} of a document was left out: it is not a text");
        return String::new();
    }
    value.label(key).into_owned()
}

/// Describes the number and the size of vectors: a vector, a list of vectors, or OpenAI's `{data: [{embedding}]}`.
pub(crate) fn describe_vectors(value: &Json<'_>) -> Option<String> {
    let single = std::slice::from_ref(value);
    let vectors = match value {
        Json::Object(_) => value.list("data"),
        Json::Array(items) if items.first().is_some_and(|item| matches!(item, Json::Array(_))) => items,
        _ => single,
    };
    // If the list was shortened to the budget of a capture, some vectors are incomplete, which a note shows.
    let (shortened, whole): (Vec<_>, Vec<_>) = vectors.iter().partition(|vector| is_shortened(vector));
    let more = if shortened.is_empty() { "" } else { "more than " };
    let size = size_of_vector(whole.first()?)?;
    whole
        .iter()
        .all(|vector| size_of_vector(vector) == Some(size))
        .then(|| format!("[{more}{} embedding(s) returned with size {size}]", whole.len()))
}

fn size_of_vector(value: &Json<'_>) -> Option<usize> {
    let numbers = value.field("embedding").unwrap_or(value).items();
    (!numbers.is_empty() && numbers.iter().all(|number| matches!(number, Json::Number(_))))
        .then_some(numbers.len())
}

/// Returns whether there is a note inside, which is a text with an ellipsis.
fn is_shortened(value: &Json<'_>) -> bool {
    match value {
        Json::Text(text) => text.starts_with("… ["),
        Json::Array(items) => items.iter().any(is_shortened),
        Json::Object(fields) => fields.iter().any(|(_, value)| is_shortened(value)),
        _ => false,
    }
}
