//! Finds the passages that answer a question: a search by words and one by vectors, joined.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bm25::{Document, SearchEngineBuilder, Tokenizer as _};
use serde::Serialize;

use crate::passages::Passage;
use crate::words::{Rarity, Words};

/// The size of a vector. Words share its positions by their hash, so that no vocabulary is needed.
const DIMENSIONS: u64 = 256;
/// The number of passages for an answer.
const FOUND: usize = 4;
/// Damps the first ranks in reciprocal rank fusion; 60 is the value of the paper that proposed it.
const FUSION: f32 = 60.0;

/// A passage that was found. Datadog shows these fields of a document, so that the returned list of the retrieval
/// becomes the documents of its span.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) id: usize,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) score: f32,
}

/// Turns texts into vectors of TF-IDF weights, each of length one.
#[llmobs::embedding(model_name = "hashed-tf-idf", model_provider = "local")]
pub(crate) fn embed(texts: &[String]) -> Vec<Vec<f32>> {
    let words = Words::new();
    let texts: Vec<Vec<String>> = texts.iter().map(|text| words.tokenize(text)).collect();
    let rarity = Rarity::of(&texts);
    texts.iter().map(|words| vector(words, &rarity)).collect()
}

/// Ranks the passages by words (BM25) and by the angle between vectors, and joins both rankings.
#[llmobs::retrieval(name = "search_passages", skip(passages, vectors))]
pub(crate) fn search(question: &str, passages: &[Passage], vectors: &[Vec<f32>]) -> Vec<Found> {
    let rankings = [by_words(question, passages), by_vectors(vectors)];
    llmobs::annotate(|note| {
        let [words, vectors] = &rankings;
        note.metadata("matches_by_words", words.len()).metadata("matches_by_vectors", vectors.len());
    });
    let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
    for ranking in rankings {
        let mut rank = 0.0;
        for (id, _) in ranking {
            rank += 1.0;
            *scores.entry(id).or_default() += 1.0 / (FUSION + rank);
        }
    }
    let found = |(id, score)| {
        let passage: &Passage = passages.get(id)?;
        Some(Found { id, name: passage.title(), text: passage.text.clone(), score })
    };
    let best = best_first(scores.into_iter().collect());
    best.into_iter().take(FOUND).filter_map(found).collect()
}

fn by_words(question: &str, passages: &[Passage]) -> Vec<(usize, f32)> {
    let documents = passages.iter().map(searchable).enumerate();
    let documents = documents.map(|(id, text)| Document::new(id, text));
    let engine =
        SearchEngineBuilder::<usize, u32, Words>::with_tokenizer_and_documents(Words::new(), documents);
    let results = engine.build().search(question, None);
    best_first(results.into_iter().map(|result| (result.document.id, result.score)).collect())
}

fn by_vectors(vectors: &[Vec<f32>]) -> Vec<(usize, f32)> {
    let Some((question, passages)) = vectors.split_first() else {
        return Vec::new();
    };
    let cosine = |passage: &Vec<f32>| question.iter().zip(passage).map(|(a, b)| a * b).sum::<f32>();
    let similarities = passages.iter().map(cosine).enumerate();
    best_first(similarities.filter(|(_, similarity)| *similarity > 0.0).collect())
}

/// Passages with the same score stay in the order of the files, so that the same question finds the same passages.
fn best_first(mut scores: Vec<(usize, f32)>) -> Vec<(usize, f32)> {
    scores.sort_by(|(id, score), (other_id, other)| other.total_cmp(score).then(id.cmp(other_id)));
    scores
}

/// The text of a passage that is searched: a heading often has words that its paragraphs omit.
pub(crate) fn searchable(passage: &Passage) -> String {
    format!("{}\n{}", passage.heading, passage.text)
}

fn vector(words: &[String], rarity: &Rarity) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| 0.0).collect();
    for word in words {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        let hash = hasher.finish();
        // Half of the words count negatively, so that words at the same position cancel out rather than add up.
        let sign = if hash.leading_zeros() == 0 { -1.0 } else { 1.0 };
        let place = usize::try_from(hash % DIMENSIONS).unwrap_or_default();
        if let Some(weight) = vector.get_mut(place) {
            *weight += sign * rarity.weight(word);
        }
    }
    let length = vector.iter().map(|weight| weight * weight).sum::<f32>().sqrt();
    if length > 0.0 {
        for weight in &mut vector {
            *weight /= length;
        }
    }
    vector
}
