//! What a query asks of a span, as a tree.

use super::number::{Interval, Number, Unit};
use super::pattern::Pattern;

/// A condition on a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Condition {
    /// All spans.
    #[default]
    Everything,
    /// What meets all of these.
    And(Vec<Condition>),
    /// What meets one of these.
    Or(Vec<Condition>),
    /// What does not meet this one, also for want of a value.
    Not(Box<Condition>),
    /// Words in a text of the span, in this order.
    Words {
        /// The words, as they were written.
        words: String,
        /// Whether the last is the beginning of one.
        prefix: bool,
    },
    /// The value of a field.
    Filter(Field, Test),
}

impl Condition {
    /// The same, for spans of one kind.
    pub(crate) fn and_kind(self, kind: &str) -> Self {
        let field = Field {
            name: "@meta.span.kind".to_owned(),
            child: false,
            source: Source::Category(Category::Kind),
            kind: Kind::Text,
        };
        Self::And(vec![self, Self::Filter(field, Test::Equals(kind.to_owned()))])
    }
}

/// The field of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// The text in the query, for messages.
    pub(super) name: String,
    /// Whether the filter is for the other spans of the trace, apart from its head.
    pub(crate) child: bool,
    /// Where its values are.
    pub(crate) source: Source,
    pub(super) kind: Kind,
}

/// Where the values of a field are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A number of the span.
    Measure(Measure),
    /// A text of the span that has few values.
    Category(Category),
    /// The id of the span.
    SpanId,
    /// The id of the trace.
    TraceId,
    /// A sum over the trace.
    Sum(Sum),
    /// The id of the parent. Programs write none as `undefined`, `null`, `0` or an empty text.
    Parent,
    /// The session.
    Session,
    /// The attributes of this path. Tags have a prefix, [`TAG`](super::TAG).
    Attribute(String),
    /// All tags, as `key:value`, or `key` where the value is empty.
    Tags,
    /// The evaluations or the feedback with this label.
    Evaluation {
        /// Whether it is feedback of users.
        feedback: bool,
        /// The label.
        label: String,
        /// What of them.
        part: Part,
    },
}

/// A number of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// In nanoseconds since the Unix epoch.
    Start,
    /// In nanoseconds.
    Duration,
    InputTokens,
    OutputTokens,
    TotalTokens,
    CachedTokens,
    /// In seconds.
    TimeToFirstToken,
}

/// A text of a span that has few values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Status,
    Kind,
    Name,
    MlApp,
    Service,
    Env,
    ModelName,
    ModelProvider,
    ErrorType,
}

/// A sum over the spans of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sum {
    InputTokens,
    OutputTokens,
    TotalTokens,
    LlmCalls,
    ToolCalls,
    /// Different tools.
    Tools,
    Errors,
}

/// A part of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Value,
    Assessment,
    Reasoning,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts, which have no order.
    Text,
    /// Ids, in any form of them.
    Id,
    /// Texts; those that are numbers have an order. `1.10` and `1.1` are two tags.
    Tag,
    /// Texts and numbers. A number in the query is compared as one, unless it is quoted.
    Either(Unit),
    /// Numbers.
    Number(Unit),
}

/// The condition on the value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// Anything.
    Exists,
    /// This text. The empty one is also no value, but for attributes and evaluations.
    Equals(String),
    /// A text like this pattern.
    Like(Pattern),
    /// This text, or any text that is this number.
    Same(String, Number),
    /// A number between these.
    Within(Interval),
}
