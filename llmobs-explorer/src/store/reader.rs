//! Answers the queries of pages and programs from one snapshot of the database.

use std::path::Path;

use rusqlite::Connection;

use super::error::ReadError;
use super::{evaluations, finished, list, rejections, sessions, trace, unfinished};
use crate::traces::{
    Answer, FinishedTrace, Label, ListRequest, Listing, Node, Rejection, Session, SpanEvaluation, ToolSpan,
    Traces, Turn,
};

/// A read connection in a transaction.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    /// The path of the database, for messages.
    pub(super) path: &'a Path,
}

impl Reader<'_> {
    /// Runs a query.
    pub(super) fn answer<T>(&self, query: impl FnOnce(&Connection) -> Result<T, ReadError>) -> Answer<T> {
        query(self.connection).map_err(|error| error.classified(self.path))
    }
}

impl Traces for Reader<'_> {
    fn list(&self, request: &ListRequest) -> Answer<Listing> {
        self.answer(|connection| list::list(connection, request))
    }

    fn any_span(&self) -> Answer<bool> {
        self.answer(trace::any_span)
    }

    fn nodes(&self, trace_id: &str) -> Answer<Vec<Node>> {
        self.answer(|connection| trace::nodes(connection, trace_id))
    }

    fn node(&self, trace_id: &str, span_id: &str) -> Answer<Option<Node>> {
        self.answer(|connection| trace::find(connection, trace_id, span_id))
    }

    fn trace_of_span(&self, span_id: &str) -> Answer<Option<String>> {
        self.answer(|connection| trace::of_span(connection, span_id))
    }

    fn child_times(&self, trace_id: &str, span_id: &str) -> Answer<Vec<(i64, i64)>> {
        self.answer(|connection| trace::child_times(connection, trace_id, span_id))
    }

    fn tool_spans(&self, trace_id: &str) -> Answer<Vec<ToolSpan>> {
        self.answer(|connection| trace::tool_spans(connection, trace_id))
    }

    fn is_unfinished(&self, trace_id: &str) -> Answer<bool> {
        self.answer(|connection| unfinished::is_unfinished(connection, trace_id))
    }

    fn event(&self, row: i64) -> Answer<String> {
        self.answer(|connection| trace::event(connection, row))
    }

    fn evaluations(&self, row: i64) -> Answer<Vec<SpanEvaluation>> {
        self.answer(|connection| evaluations::of_span(connection, row))
    }

    fn labels(&self) -> Answer<Vec<Label>> {
        self.answer(evaluations::labels)
    }

    fn sessions(&self, page: u64) -> Answer<(Vec<Session>, u64)> {
        self.answer(|connection| sessions::sessions(connection, page))
    }

    fn turns(&self, session_id: &str, page: u64) -> Answer<(Vec<Turn>, u64)> {
        self.answer(|connection| sessions::turns(connection, session_id, page))
    }

    fn finished(&self, after: Option<i64>) -> Answer<(Vec<FinishedTrace>, i64)> {
        self.answer(|connection| finished::finished(connection, after))
    }

    fn rejections(&self) -> Answer<Vec<Rejection>> {
        self.answer(rejections::rejections)
    }
}

#[cfg(test)]
mod tests;
