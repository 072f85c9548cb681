//! Text as comparable words, in the same way for ranking, vectors and the local answers.

use std::collections::{BTreeSet, HashMap};

use bm25::{DefaultTokenizer, Language, Tokenizer};

/// Splits text into words in lower case, without stop words and without endings. A name such as `max_capture_bytes` counts
/// as a whole and as its parts, so that a question in plain English finds it.
pub(crate) struct Words(DefaultTokenizer);

impl Words {
    pub(crate) fn new() -> Self {
        Self(DefaultTokenizer::new(Language::English))
    }

    /// Ordered, so that sums over the words are always the same.
    pub(crate) fn set(&self, text: &str) -> BTreeSet<String> {
        self.tokenize(text).into_iter().collect()
    }
}

impl Tokenizer for Words {
    fn tokenize(&self, text: &str) -> Vec<String> {
        let names = text.split_whitespace().filter(|word| word.contains('_'));
        let parts = names.map(|name| name.replace('_', " ")).collect::<Vec<_>>();
        let mut words = self.0.tokenize(text);
        words.extend(self.0.tokenize(&parts.join(" ")));
        words
    }
}

/// The inverse document frequency of each word: rare words have a larger weight.
pub(crate) struct Rarity(HashMap<String, f32>);

impl Rarity {
    #[expect(clippy::cast_precision_loss, reason = "there are fewer texts than an f32 can count")]
    pub(crate) fn of<'a, Text>(texts: impl IntoIterator<Item = Text>) -> Self
    where
        Text: IntoIterator<Item = &'a String>,
    {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut total = 0;
        for text in texts {
            total += 1;
            // A word counts once for each text that contains it.
            for word in text.into_iter().collect::<BTreeSet<_>>() {
                *counts.entry(word).or_default() += 1;
            }
        }
        let weight = |count: usize| (1.0 + total as f32 / count as f32).ln();
        let weights = counts.into_iter().map(|(word, count)| (word.to_owned(), weight(count)));
        Self(weights.collect())
    }

    /// Returns zero for a word that is in no text, because it does not distinguish the texts.
    pub(crate) fn weight(&self, word: &str) -> f32 {
        self.0.get(word).copied().unwrap_or_default()
    }
}
