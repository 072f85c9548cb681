//! Questions about spans, in Datadog's search syntax: a text is read into conditions, and these are written as SQL.
//!
//! ```
//! use llmobs_explorer::query::{Query, filter};
//!
//! let query = Query::parse(r#"@duration:>5s -@status:error "out of paper""#)?;
//! let condition = query.condition();
//! let sql = format!("SELECT s.name FROM span s WHERE {}", condition.sql);
//! # assert_eq!(condition.values.len(), 3);
//! assert_eq!(query.with(&filter("tag.user_id", "u 1")), r#"@duration:>5s -@status:error "out of paper" user_id:"u 1""#);
//! # Ok::<(), llmobs_explorer::query::QueryError>(())
//! ```

mod error;
mod fields;
mod lexer;
mod number;
mod parser;
mod sql;
mod text;
mod values;

#[cfg(test)]
mod tests;

use rusqlite::types::Value;

pub use self::error::QueryError;
pub use self::text::filter;

use self::parser::{Node, Parsed};
use self::sql::Writer;

/// A question about spans. The default asks for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    text: String,
    root: Node,
    /// The texts of what all has to hold.
    parts: Vec<String>,
}

/// A query as SQL, about a span `s`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// An expression for `SELECT … FROM span s WHERE …`, which others may follow behind `AND`. Its question marks have no numbers.
    pub sql: String,
    /// What is bound to the question marks, in this order.
    pub values: Vec<Value>,
}

impl Query {
    /// Reads a query. An empty text and `*` ask for all spans.
    ///
    /// # Errors
    ///
    /// Says where the text is no query, and what to write.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let Parsed { root, parts } = parser::parse(text)?;
        Ok(Self { text: parser::trimmed(text).to_owned(), root, parts })
    }

    /// The query as SQL.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let mut writer = Writer::default();
        writer.node(&self.root, "s");
        Condition { sql: writer.sql, values: writer.values }
    }

    /// Whether it asks for all spans.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.root == Node::Everything
    }

    /// The query as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the term is one of those that all have to hold.
    #[must_use]
    pub fn has(&self, term: &str) -> bool {
        Self::parse(term).is_ok_and(|term| self.parts.iter().any(|part| term.is_same(part)))
    }

    /// The text of the query that asks for the term too.
    #[must_use]
    pub fn with(&self, term: &str) -> String {
        let asked = Self::parse(term).unwrap_or_else(|_| Self { text: term.to_owned(), ..Self::default() });
        if self.is_all() {
            return asked.text;
        }
        if self.has(term) || asked.text.is_empty() {
            return self.text.clone();
        }
        format!("{} {}", self.conjunct(), asked.conjunct())
    }

    /// The text of the query that asks no more for the term.
    #[must_use]
    pub fn without(&self, term: &str) -> String {
        let Ok(asked) = Self::parse(term) else { return self.text.clone() };
        let kept: Vec<&str> =
            self.parts.iter().map(String::as_str).filter(|part| !asked.is_same(part)).collect();
        if kept.len() == self.parts.len() { self.text.clone() } else { kept.join(" ") }
    }

    /// The text in a form that others may stand beside.
    fn conjunct(&self) -> &str {
        if let [part] = self.parts.as_slice() { part } else { &self.text }
    }

    fn is_same(&self, text: &str) -> bool {
        Self::parse(text).is_ok_and(|query| query.root == self.root)
    }
}
