//! What is wrong with an evaluation or a feedback.

use std::fmt;

/// Why an [`Evaluation`](crate::Evaluation) or a [`Feedback`](crate::Feedback) was not submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvaluationError {
    /// It is not said what was evaluated.
    NoTarget,
    /// It is said twice what was evaluated.
    TwoTargets,
    /// A span without a span id or trace id.
    EmptyId,
    /// A tag without a name, or a target without a text.
    EmptyTarget,
    /// A label without text.
    EmptyLabel,
    /// A label with a dot.
    DotInLabel,
    /// A score that is `None`, NaN or infinite.
    NotANumber,
    /// A JSON value that is not an object.
    NotAnObject,
    /// A time before 1970.
    TimeBefore1970,
    /// Feedback of nobody.
    EmptySubmitter,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTarget => {
                "it is not said what was evaluated: call `of` with what `export_span` returned inside the span, or another of the `of` methods"
            }
            Self::TwoTargets => "it is said twice what was evaluated: call one of the `of` methods, once",
            Self::EmptyId => "the span has no span id or no trace id: use what `export_span` or `Span::export` returns",
            Self::EmptyTarget => "what was evaluated has no name: give a text that is not empty",
            Self::EmptyLabel => "the label is empty: name what was evaluated, such as \"faithfulness\"",
            Self::DotInLabel => "the label has a dot, which Datadog does not take: use an underscore",
            Self::NotANumber => "the score is not a finite number: submit only scores that were found",
            Self::NotAnObject => "the JSON value is not an object: put it into one, as {\"value\": …}",
            Self::TimeBefore1970 => "the time is before 1970: leave it out for now, or give the time of the evaluation",
            Self::EmptySubmitter => "the submitter has no id: give the id of the user, or another text for somebody unknown",
        })
    }
}

impl std::error::Error for EvaluationError {}
