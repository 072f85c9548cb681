//! What is told of a text that is no query.

use std::fmt::{self, Display, Formatter};

/// Why a text is no query, where, and what to write in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// In characters; the first is 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub hint: String,
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
