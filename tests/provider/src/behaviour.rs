//! The behaviours that a client selects with the name of the model.

use std::time::Duration;

use crate::reply::Failure;

/// How a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Answer,
    /// Always fails.
    Fail(Failure),
    /// Fails once for each body, with a rate limit.
    Flaky,
    /// Pauses before each piece.
    Slow(Duration),
    /// Breaks the connection in the middle.
    Broken,
    /// Fails in the middle of a stream.
    Overloaded,
    Refusal,
    Thinking,
    /// Stops in the middle of the text, as if at the limit of tokens.
    Length,
    /// Sends the first half, and nothing more.
    Hang,
}

/// The pause of a model without a number in its name.
const PAUSE: Duration = Duration::from_millis(20);

impl Behaviour {
    /// Reads the prefix of the name of a model. A model with any other name answers normally.
    pub(crate) fn of(model: &str) -> Self {
        let begins = |name| model.starts_with(name);
        match model {
            _ if begins("error-400") => Self::Fail(Failure::TooLong),
            _ if begins("error-401") => Self::Fail(Failure::WrongKey),
            _ if begins("error-429") => Self::Fail(Failure::RateLimit),
            _ if begins("error-500") => Self::Fail(Failure::Internal),
            _ if begins("error-503") || begins("error-529") => Self::Fail(Failure::Overloaded),
            _ if begins("flaky") => Self::Flaky,
            _ if begins("slow") => {
                let milliseconds = model.split('-').nth(1).and_then(|number| number.parse().ok());
                Self::Slow(milliseconds.map_or(PAUSE, Duration::from_millis))
            }
            _ if begins("broken") => Self::Broken,
            _ if begins("overloaded") => Self::Overloaded,
            _ if begins("refusal") => Self::Refusal,
            _ if begins("thinking") => Self::Thinking,
            _ if begins("length") => Self::Length,
            _ if begins("hang") => Self::Hang,
            _ => Self::Answer,
        }
    }
}
