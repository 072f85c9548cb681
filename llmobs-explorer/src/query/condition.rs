//! The conditions of a query, as a tree.

use super::number::{Interval, Number, Unit};
use super::pattern::Pattern;

/// A condition on a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Condition {
    /// All spans.
    #[default]
    Everything,
    /// The spans that meet all of these conditions.
    And(Vec<Condition>),
    /// The spans that meet at least one of these conditions.
    Or(Vec<Condition>),
    /// The spans that do not meet this condition, including those without a value.
    Not(Box<Condition>),
    /// The spans with a text that contains these words in this order.
    Words {
        /// The words as they are in the query.
        words: String,
        /// Whether the last word is a prefix.
        prefix: bool,
    },
    /// The spans whose field has such a value.
    Filter(Field, Test),
}

impl Condition {
    /// Adds a condition on the kind of the span.
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
    /// Whether the filter applies to the spans of the trace other than its head.
    pub(crate) child: bool,
    /// The source of its values.
    pub(crate) source: Source,
    pub(super) kind: Kind,
}

/// The source of the values of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A number in the span.
    Measure(Measure),
    /// A text in the span with few different values.
    Category(Category),
    /// The id of the span.
    SpanId,
    /// The id of the trace.
    TraceId,
    /// A sum over the trace.
    Sum(Sum),
    /// The id of the parent. If there is no parent, programs write `undefined`, `null`, `0` or an empty text.
    Parent,
    /// The session.
    Session,
    /// The attributes with this path. Tags have the prefix [`TAG`](super::TAG).
    Attribute(String),
    /// All tags as `key:value`, or as `key` if the value is empty.
    Tags,
    /// The evaluations or the feedback with this label.
    Evaluation {
        /// Whether this is user feedback.
        feedback: bool,
        /// The label.
        label: String,
        /// The part to compare.
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

/// A text of a span with few different values.
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
    /// The number of different tools.
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

/// The way in which values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts, which have no order.
    Text,
    /// Ids, in any form.
    Id,
    /// Texts. Those that are numbers have an order, but `1.10` and `1.1` are different tags.
    Tag,
    /// Texts and numbers. A number in the query is compared as a number, unless it is quoted.
    Either(Unit),
    /// Numbers.
    Number(Unit),
}

/// The condition on the value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// Any value.
    Exists,
    /// This text. The empty text also matches a missing value, except for attributes and evaluations.
    Equals(String),
    /// A text that matches this pattern.
    Like(Pattern),
    /// This text, or any text with this number.
    Same(String, Number),
    /// A number in this interval.
    Within(Interval),
}
