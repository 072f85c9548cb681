//! The interface between pages and a store. Nothing here depends on the implementation of the store.

mod error;
mod evaluations;
mod finished;
mod list;
mod node;
mod rejection;
mod sessions;

pub(crate) use error::{EngineError, StoreError};
pub(crate) use evaluations::{Label, SpanEvaluation};
pub(crate) use finished::FinishedTrace;
pub(crate) use list::{Facet, ListRequest, ListRow, Listing, Outside, Overview, PAGE, Scope, Sort};
pub(crate) use node::{Node, ToolSpan};
pub(crate) use rejection::Rejection;
pub(crate) use sessions::{SESSIONS, Session, TURNS, Turn};

/// The result of a query.
pub(crate) type Answer<T> = Result<T, StoreError>;

/// A snapshot of the traces of a store.
pub(crate) trait Traces {
    /// Returns a page of a list.
    fn list(&self, request: &ListRequest) -> Answer<Listing>;

    /// Whether there is any span.
    fn any_span(&self) -> Answer<bool>;

    /// Returns all spans of a trace by start. Empty if there is no such trace.
    fn nodes(&self, trace_id: &str) -> Answer<Vec<Node>>;

    /// Returns one span of a trace.
    fn node(&self, trace_id: &str, span_id: &str) -> Answer<Option<Node>>;

    /// Returns the id of the trace of the latest span with this id.
    fn trace_of_span(&self, span_id: &str) -> Answer<Option<String>>;

    /// Returns the start and the duration of each child of a span, by start.
    fn child_times(&self, trace_id: &str, span_id: &str) -> Answer<Vec<(i64, i64)>>;

    /// Returns the tool spans of a trace by start.
    fn tool_spans(&self, trace_id: &str) -> Answer<Vec<ToolSpan>>;

    /// Whether a trace may still be running: one of its spans has a parent that is not stored.
    fn is_unfinished(&self, trace_id: &str) -> Answer<bool>;

    /// Returns the JSON text of the event of a span, as it arrived. `row` is [`Node::row`] or [`Turn::row`].
    fn event(&self, row: i64) -> Answer<String>;

    /// Returns the evaluations and the feedback of a span, at most 200.
    fn evaluations(&self, row: i64) -> Answer<Vec<SpanEvaluation>>;

    /// Returns all labels of evaluations by name.
    fn labels(&self) -> Answer<Vec<Label>>;

    /// Returns a page of sessions, the latest first, and the number of all sessions.
    fn sessions(&self, page: u64) -> Answer<(Vec<Session>, u64)>;

    /// Returns a page of the turns of a session by start, and the number of all turns.
    fn turns(&self, session_id: &str, page: u64) -> Answer<(Vec<Turn>, u64)>;

    /// Returns the traces whose root arrived after a position, at most a hundred, and the position for the next call. Without a position,
    /// returns no traces.
    fn finished(&self, after: Option<i64>) -> Answer<(Vec<FinishedTrace>, i64)>;

    /// Returns the recently refused requests, the latest first.
    fn rejections(&self) -> Answer<Vec<Rejection>>;
}
