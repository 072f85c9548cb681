//! Documents of a retrieval or an embedding, and the vectors that an embedding returns.

use super::borrowed::Borrowed;
use super::string;
use llmobs_capture::warn_limited;
use llmobs_providers::Document;

/// The arguments of an instrumented function: a lone document or list, else an argument that is a list of documents,
/// else the field `input` of an argument, as the embedding APIs take, else the one string among the arguments.
pub(crate) fn read_arguments(arguments: &[Borrowed<'_>]) -> Option<Vec<Document>> {
    if let [only] = arguments
        && let Some(documents) = read_all(only)
    {
        return Some(documents);
    }
    let lists = arguments.iter().filter(|value| value.as_array().is_some_and(|items| !items.is_empty()));
    let inputs = arguments.iter().filter_map(|value| value.get("input"));
    lists.chain(inputs).find_map(read_all).or_else(|| {
        let mut strings = arguments.iter().filter(|value| matches!(value, Borrowed::String(_)));
        strings.next().filter(|_| strings.next().is_none()).and_then(read_all)
    })
}

/// A string, an object with a string `text`, or a list of those.
pub(crate) fn read_all(value: &Borrowed<'_>) -> Option<Vec<Document>> {
    match value {
        Borrowed::Array(items) => items.iter().map(read).collect(),
        other => Some(vec![read(other)?]),
    }
}

pub(crate) fn read(value: &Borrowed<'_>) -> Option<Document> {
    if let Borrowed::String(text) = value {
        return Some(Document::new(&**text));
    }
    let mut document = Document::new(value.get("text")?.as_str()?);
    [document.name, document.id] =
        ["name", "id"].map(|key| Some(string(value, key)).filter(|text| !text.is_empty()));
    // A score of zero is kept; the reference SDK loses it.
    document.score = value.get("score").and_then(Borrowed::as_number).cloned();
    if document.score.is_none() && value.get("score").is_some_and(|score| *score != Borrowed::Null) {
        warn_limited!("the score of a document was left out: it is no number");
    }
    Some(document)
}

/// How many vectors of which size, for a vector, a list of vectors, or OpenAI's `{data: [{embedding}]}`.
pub(crate) fn describe_vectors(value: &Borrowed<'_>) -> Option<String> {
    let single = std::slice::from_ref(value);
    let vectors = match value {
        Borrowed::Object(_) => value.get("data")?.as_array()?,
        Borrowed::Array(items) if items.first().is_some_and(|item| item.as_array().is_some()) => items,
        _ => single,
    };
    // Of a list that was shortened to the budget of a capture, some vectors are not whole, and a note says so.
    let (shortened, whole): (Vec<_>, Vec<_>) = vectors.iter().partition(|vector| is_shortened(vector));
    let more = if shortened.is_empty() { "" } else { "more than " };
    let size = size_of_vector(whole.first()?)?;
    whole
        .iter()
        .all(|vector| size_of_vector(vector) == Some(size))
        .then(|| format!("[{more}{} embedding(s) returned with size {size}]", whole.len()))
}

fn size_of_vector(value: &Borrowed<'_>) -> Option<usize> {
    let numbers = value.get("embedding").unwrap_or(value).as_array()?;
    (!numbers.is_empty() && numbers.iter().all(|number| number.as_number().is_some()))
        .then_some(numbers.len())
}

/// Whether there is a note inside, which is a text with an ellipsis.
fn is_shortened(value: &Borrowed<'_>) -> bool {
    match value {
        Borrowed::String(text) => text.starts_with("… ["),
        Borrowed::Array(items) => items.iter().any(is_shortened),
        Borrowed::Object(fields) => fields.iter().any(|(_, value)| is_shortened(value)),
        _ => false,
    }
}
