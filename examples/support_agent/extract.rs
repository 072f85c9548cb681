//! An answer without a model: the sentences of the sources that match a question best.

#![expect(clippy::cast_precision_loss, reason = "a sentence has fewer words than an f32 can count")]

use std::collections::BTreeSet;

use crate::model::Source;
use crate::passages::without_links;
use crate::words::{Rarity, Words};

/// The maximum number of sentences in an answer.
const SENTENCES: usize = 3;
/// The minimum score of a sentence, as a fraction of the best score.
const ENOUGH: f32 = 0.6;
/// Sentences that share more of their words than this with a chosen sentence are repetitions.
const SAME: f32 = 0.6;
/// The maximum number of lines of code after a sentence.
const CODE_LINES: usize = 20;

/// A sentence, with the block of code that it introduces.
struct Sentence {
    text: String,
    source: usize,
    words: BTreeSet<String>,
    /// The words of the sentence and of its heading.
    words_in_context: BTreeSet<String>,
}

/// Picks sentences by the rarity of the words that they share with the question, and puts them in the order of the sources, each with the
/// number of its source. Returns `None` if no sentence shares a word.
pub(crate) fn extract(question: &str, sources: &[Source]) -> Option<String> {
    let words = Words::new();
    let question_words = words.set(question);
    let mut candidates: Vec<Sentence> = Vec::new();
    for (source, from) in sources.iter().enumerate() {
        candidates.extend(sentences(&from.text).into_iter().map(|text| Sentence {
            words: words.set(&text),
            words_in_context: words.set(&format!("{} {text}", from.name)),
            text,
            source,
        }));
    }
    let rarity = Rarity::of(candidates.iter().map(|sentence| &sentence.words_in_context));
    let scores = candidates.iter().map(|sentence| score(sentence, &question_words, &rarity));
    let mut ranked: Vec<(usize, f32)> = scores.enumerate().collect();
    ranked
        .sort_by(|(place, score), (other_place, other)| other.total_cmp(score).then(place.cmp(other_place)));

    let enough = ranked.first().map(|(_, best)| best * ENOUGH).filter(|enough| *enough > 0.0)?;
    let mut taken: Vec<(usize, &Sentence)> = Vec::new();
    for (place, _) in ranked.iter().take_while(|(_, score)| *score >= enough) {
        let Some(sentence) = candidates.get(*place) else {
            continue;
        };
        let repeats = |(_, other): &(usize, &Sentence)| overlap(&sentence.words, &other.words) > SAME;
        if taken.len() < SENTENCES && !taken.iter().any(repeats) {
            taken.push((*place, sentence));
        }
    }
    taken.sort_by_key(|(place, _)| *place);
    let cited: Vec<String> = taken.iter().map(|(_, sentence)| cited(sentence)).collect();
    Some(cited.join("\n\n"))
}

fn score(sentence: &Sentence, question_words: &BTreeSet<String>, rarity: &Rarity) -> f32 {
    // A word in the sentence counts twice, and one in the heading above it once.
    let shared = [&sentence.words, &sentence.words_in_context]
        .into_iter()
        .flat_map(|words| words.intersection(question_words));
    // Long sentences share words by chance, and the first sources match best.
    let length = (sentence.words.len() as f32 + 20.0).sqrt();
    let rank = 1.0 + 0.2 * sentence.source as f32;
    shared.map(|word| rarity.weight(word)).sum::<f32>() / length / rank
}

/// The fraction of the smaller set that is also in the other one.
fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    let smaller = a.len().min(b.len()).max(1);
    a.intersection(b).count() as f32 / smaller as f32
}

/// The citation belongs to the sentence, not to the code below it.
fn cited(sentence: &Sentence) -> String {
    let number = sentence.source + 1;
    match sentence.text.split_once('\n') {
        Some((text, code)) => format!("{text} [{number}]\n\n{code}"),
        None => format!("{} [{number}]", sentence.text),
    }
}

/// The sentences, items and rows of a Markdown text. Code follows its sentence after a line break.
fn sentences(markdown: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut open = String::new();
    let mut code: Option<Vec<&str>> = None;
    for line in markdown.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if let Some(lines) = &mut code {
            lines.push(line);
            if is_fence {
                let before = sentences.last_mut().filter(|before| !before.contains('\n'));
                if let Some(before) = before.filter(|_| lines.len() <= CODE_LINES) {
                    before.push('\n');
                    before.push_str(&lines.join("\n"));
                }
                code = None;
            }
            continue;
        }
        let text = line.trim();
        if text.starts_with("|--") || text.starts_with("| --") || text.starts_with("|:") {
            // The lines above this rule are the names of columns.
            open.clear();
            continue;
        }
        let starts_anew = text.is_empty() || is_fence || text.starts_with(['-', '*', '|', '>']);
        if starts_anew {
            sentences.extend(close(&mut open));
        }
        if is_fence {
            code = Some(vec![line]);
            continue;
        }
        for word in text.trim_matches(['|', '>', ' ']).split_whitespace() {
            open.push_str(word);
            open.push(' ');
            if word.ends_with(['.', '?', '!']) && !["e.g.", "i.e."].contains(&word) {
                sentences.extend(close(&mut open));
            }
        }
    }
    sentences.extend(close(&mut open));
    sentences
}

/// Takes the collected text, unless it is blank.
fn close(open: &mut String) -> Option<String> {
    let sentence = std::mem::take(open);
    let readable = sentence.contains(char::is_alphabetic);
    readable.then(|| without_links(sentence.trim()))
}
