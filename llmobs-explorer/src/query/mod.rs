//! Datadog's search syntax for spans: parses a query into a tree of conditions.

mod condition;
mod fields;
mod lexer;
mod number;
mod parser;
mod pattern;
mod values;

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter};

pub(crate) use self::condition::{Category, Condition, Field, Measure, Part, Source, Sum, Test};
pub(crate) use self::fields::{FACETS, METRICS, TAG};
pub(crate) use self::number::{Interval, Number};
pub(crate) use self::pattern::{Glyph, Pattern};

use self::condition::Kind;
use self::fields::{LABEL_PREFIXES, is_reserved, kind};
use self::parser::Parsed;

/// A query for spans. The default matches all spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query {
    text: String,
    root: Condition,
    /// The texts of the terms that must all match.
    parts: Vec<String>,
}

impl Query {
    /// Parses a query. An empty text and `*` match all spans.
    pub(crate) fn parse(text: &str) -> Result<Self, QueryError> {
        let Parsed { root, parts } = parser::parse(text)?;
        Ok(Self { text: parser::trimmed(text).to_owned(), root, parts })
    }

    /// Returns the condition on a span.
    pub(crate) fn condition(&self) -> &Condition {
        &self.root
    }

    /// Whether it matches all spans.
    pub(crate) fn is_all(&self) -> bool {
        self.root == Condition::Everything
    }

    /// Whether the term is one of those that must all match.
    pub(crate) fn has(&self, term: &str) -> bool {
        Self::parse(term).is_ok_and(|term| self.parts.iter().any(|part| term.is_same(part)))
    }

    /// Returns the text of the query with one more term.
    pub(crate) fn with(&self, term: &str) -> String {
        let parsed = Self::parse(term).unwrap_or_else(|_| Self { text: term.to_owned(), ..Self::default() });
        if self.is_all() {
            return parsed.text;
        }
        if self.has(term) || parsed.text.is_empty() {
            return self.text.clone();
        }
        format!("{} {}", self.conjunct(), parsed.conjunct())
    }

    /// Returns the text of the query without a term.
    pub(crate) fn without(&self, term: &str) -> String {
        let Ok(parsed) = Self::parse(term) else { return self.text.clone() };
        let kept: Vec<&str> =
            self.parts.iter().map(String::as_str).filter(|part| !parsed.is_same(part)).collect();
        if kept.len() == self.parts.len() { self.text.clone() } else { kept.join(" ") }
    }

    /// Returns the text in a form that other terms can be appended to.
    fn conjunct(&self) -> &str {
        if let [part] = self.parts.as_slice() { part } else { &self.text }
    }

    fn is_same(&self, text: &str) -> bool {
        Self::parse(text).is_ok_and(|query| query.root == self.root)
    }
}

/// Returns the term for exactly this value of a path, such as `meta.model_name`, `duration`, `tag.user_id` or
/// `evaluation.faithfulness.value`: the paths of [`Attribute`](crate::span::Attribute), and those of columns, without `@`.
pub(crate) fn filter(path: &str, value: &str) -> String {
    // The parser removes one prefix, so a label that begins with a prefix is written after another one.
    if let Some(label) = path.strip_prefix("evaluation.")
        && let Some(prefix) = LABEL_PREFIXES.iter().find(|prefix| label.starts_with(**prefix))
    {
        return term(&format!("evaluation.{prefix}{label}"), value);
    }
    term(path, value)
}

fn term(path: &str, value: &str) -> String {
    let tag =
        path.strip_prefix(TAG).filter(|key| key.chars().all(is_plain) && is_word(key) && !is_reserved(key));
    let field = match tag {
        Some(key) => key.to_owned(),
        None => format!("@{}", path.chars().map(escaped).collect::<String>()),
    };
    // Without quotes, `0.5` would also match `0.50`.
    let bare = match kind(path) {
        Some(Kind::Number(_)) => !value.is_empty(),
        Some(Kind::Text | Kind::Id | Kind::Tag) => is_word(value),
        Some(Kind::Either(_)) | None => {
            is_word(value) && value.chars().next().is_some_and(char::is_alphabetic)
        }
    };
    if bare && value.chars().all(is_plain) {
        return format!("{field}:{value}");
    }
    format!("{field}:\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/')
}

fn escaped(letter: char) -> String {
    if is_plain(letter) { letter.to_string() } else { format!("\\{letter}") }
}

/// The error of a text that is not a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryError {
    /// The position in characters, from 1.
    pub(crate) column: usize,
    /// The mistake.
    pub(crate) message: String,
    /// The remedy.
    pub(crate) hint: String,
}

impl QueryError {
    pub(super) fn new(column: usize, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { column, message: message.into(), hint: hint.into() }
    }
}

impl Display for QueryError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "column {}: {}; {}", self.column, self.message, self.hint)
    }
}

impl std::error::Error for QueryError {}
