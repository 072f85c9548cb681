//! What pages and other programs ask of a store, and the answers. Nothing here knows how a store finds them.

mod error;
mod evaluations;
mod finished;
mod list;
mod node;
mod rejection;
mod sessions;

use std::ops::Range;

pub(crate) use error::{EngineError, StoreError};
pub(crate) use evaluations::{Label, SpanEvaluation};
pub(crate) use finished::FinishedTrace;
pub(crate) use list::{Facet, ListRequest, ListRow, Listing, Outside, Overview, PAGE, Scope, Sort};
pub(crate) use node::Node;
pub(crate) use rejection::Rejection;
pub(crate) use sessions::{SESSIONS, Session, TURNS, Turn};

/// The answer to a question.
pub(crate) type Answer<T> = Result<T, StoreError>;

/// The traces of a store, in one state of it.
pub(crate) trait Traces {
    /// A page of a list.
    fn list(&self, request: &ListRequest) -> Answer<Listing>;

    /// Whether there is any span.
    fn any_span(&self) -> Answer<bool>;

    /// All spans of a trace in the order of their starts. Empty if there is no such trace.
    fn nodes(&self, trace_id: &str) -> Answer<Vec<Node>>;

    /// One span of a trace.
    fn node(&self, trace_id: &str, span_id: &str) -> Answer<Option<Node>>;

    /// The id of the trace of the latest span with this id.
    fn trace_of_span(&self, span_id: &str) -> Answer<Option<String>>;

    /// The start and the duration of each child of a span, in the order of their starts.
    fn child_times(&self, trace_id: &str, span_id: &str) -> Answer<Vec<(i64, i64)>>;

    /// The tool spans that began in a range of times, in nanoseconds since the Unix epoch, in that order: the name and the id of each.
    fn tool_spans(&self, trace_id: &str, times_ns: Range<i64>) -> Answer<Vec<(String, String)>>;

    /// Whether a trace may still run: a span of it has a parent that is not stored.
    fn is_unfinished(&self, trace_id: &str) -> Answer<bool>;

    /// The event of a span, as JSON text, as it arrived. Spans are found by [`Node::row`] or [`Turn::row`].
    fn event(&self, row: i64) -> Answer<String>;

    /// The evaluations and the feedback of a span, at most 200.
    fn evaluations(&self, row: i64) -> Answer<Vec<SpanEvaluation>>;

    /// All labels of evaluations, by name.
    fn labels(&self) -> Answer<Vec<Label>>;

    /// A page of sessions, the latest first, and how many there are.
    fn sessions(&self, page: u64) -> Answer<(Vec<Session>, u64)>;

    /// A page of the turns of a session in the order in which they began, and how many there are.
    fn turns(&self, session_id: &str, page: u64) -> Answer<(Vec<Turn>, u64)>;

    /// The traces whose root arrived after a position, at most a hundred, and the position for the next call. Without a position, none.
    fn finished(&self, after: Option<i64>) -> Answer<(Vec<FinishedTrace>, i64)>;

    /// The requests that were refused lately, the latest first.
    fn rejections(&self) -> Answer<Vec<Rejection>>;
}
