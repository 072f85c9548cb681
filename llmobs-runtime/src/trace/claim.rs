//! Decides which model calls the surrounding span of the program shows.
//!
//! A span with one call inside shows that call. Each of several calls is a separate span, with one exception: after attempts that failed
//! or were dropped, the span shows the last call. Nested calls are one call that several integrations observe: the span shows the innermost
//! one, with what only the outer ones know.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::base::kind::Kind;
use crate::model::annotation::{Annotation, add_under};
use crate::model::observed::Hidden;

/// The calls of models inside a span.
#[derive(Default)]
pub(super) enum Calls {
    #[default]
    None,
    /// A call is running. The data of an outer call that has ended is added to it.
    Running(Option<EndedCall>),
    /// One has ended.
    Ended(EndedCall),
    /// Each call is a separate span.
    Several,
}

/// A call of a model that has ended.
pub(super) struct EndedCall {
    pub(super) kind: Kind,
    pub(super) name: Cow<'static, str>,
    /// Nanoseconds since the Unix epoch.
    pub(super) start_nanos: u64,
    pub(super) end_nanos: u64,
    pub(super) failed: bool,
    pub(super) notes: Option<Box<Annotation>>,
}

/// A call of a model that others can be nested in: whether one of them is shown in its place.
pub(super) type OuterCall = Arc<AtomicBool>;

impl EndedCall {
    fn was_cancelled(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.tags.contains_key("cancelled"))
    }

    fn add_under(&mut self, outer: Self) {
        add_under(&mut self.notes, outer.notes);
    }
}

/// How a call that begins is shown.
pub(super) struct Claim {
    /// Whether the surrounding span shows the call.
    pub(super) is_granted: bool,
    /// An earlier call that now becomes a separate span.
    pub(super) earlier: Option<EndedCall>,
    /// What the surrounding span hides of its calls, whichever span shows them.
    pub(super) hidden: Hidden,
}

/// The calls of a span when it ends.
pub(super) enum Shown {
    /// No call, or one that is still running.
    Nothing,
    /// One call, which the span shows.
    One(EndedCall),
    /// Several calls, each a separate span.
    Several,
}

impl Calls {
    /// Begins a call, which may replace the running one.
    pub(super) fn claim(&mut self, takes_over: bool, hidden: Hidden) -> Claim {
        let (next, is_granted, earlier) = match std::mem::take(self) {
            Self::None => (Self::Running(None), true, None),
            Self::Running(outer) if takes_over => (Self::Running(outer), true, None),
            Self::Ended(attempt) if attempt.failed || attempt.was_cancelled() => {
                (Self::Running(None), true, Some(attempt))
            }
            Self::Ended(call) => (Self::Several, false, Some(call)),
            Self::Running(_) | Self::Several => (Self::Several, false, None),
        };
        *self = next;
        Claim { is_granted, earlier, hidden }
    }

    /// Ends the call that was granted. Returns it if it has become a separate span.
    pub(super) fn end(&mut self, mut call: EndedCall) -> Option<EndedCall> {
        if let Self::Running(outer) = self {
            if let Some(outer) = outer.take() {
                call.add_under(outer);
            }
            *self = Self::Ended(call);
            return None;
        }
        Some(call)
    }

    /// Ends an outer call. Its data is added to the call that is shown in its place. If that call was discarded, the outer call is shown
    /// itself.
    pub(super) fn end_outer(&mut self, outer: EndedCall) {
        match self {
            Self::Running(Some(call)) | Self::Ended(call) => call.add_under(outer),
            Self::Running(ended) => *ended = Some(outer),
            Self::None => *self = Self::Ended(outer),
            Self::Several => {}
        }
    }

    /// Returns whether a call is running that the span will show.
    pub(super) const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// Discards the call that was granted.
    pub(super) fn discard(&mut self) {
        if let Self::Running(outer) = self {
            *self = outer.take().map_or(Self::None, Self::Ended);
        }
    }

    /// Returns what the span shows when it ends. A call that ends later is a separate span.
    pub(super) fn take(&mut self) -> Shown {
        match std::mem::replace(self, Self::Several) {
            Self::None | Self::Running(_) => Shown::Nothing,
            Self::Ended(call) => Shown::One(call),
            Self::Several => Shown::Several,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended() -> EndedCall {
        tagged(&[])
    }

    #[test]
    fn a_call_that_ends_after_its_span_is_not_lost() {
        let mut calls = Calls::default();
        assert!(calls.claim(false, Hidden::default()).is_granted);
        assert!(matches!(calls.take(), Shown::Nothing));
        assert!(calls.end(ended()).is_some());
        // A call that begins later is not part of the span.
        assert!(!calls.claim(false, Hidden::default()).is_granted);
    }

    /// Returns an ended call with these tags.
    fn tagged(tags: &[(&str, &str)]) -> EndedCall {
        let mut notes = Annotation::new(0);
        for (key, value) in tags {
            notes.tag(*key, value);
        }
        let (kind, name, notes) = (Kind::Llm, Cow::Borrowed("call"), Some(Box::new(notes)));
        EndedCall { kind, name, start_nanos: 0, end_nanos: 0, failed: false, notes }
    }

    /// Returns the tags of the only call that is shown.
    fn shown(mut calls: Calls) -> Vec<(String, String)> {
        let Shown::One(call) = calls.take() else { panic!("one call") };
        call.notes.unwrap().tags.into_iter().collect()
    }

    #[test]
    fn annotations_of_all_outer_calls_are_kept() {
        let mut calls = Calls::default();
        calls.claim(false, Hidden::default());
        calls.end_outer(tagged(&[("nearest", "inner"), ("inner", "1")]));
        calls.end_outer(tagged(&[("nearest", "outer"), ("outer", "1")]));
        assert!(calls.end(ended()).is_none());
        let tags = [("inner", "1"), ("nearest", "inner"), ("outer", "1")];
        assert_eq!(shown(calls), tags.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_outer_call_is_kept_if_the_inner_one_is_discarded() {
        let ends: [fn(&mut Calls); 2] = [
            |calls| {
                calls.end_outer(tagged(&[("tier", "gold")]));
                calls.discard();
            },
            |calls| {
                calls.discard();
                calls.end_outer(tagged(&[("tier", "gold")]));
            },
        ];
        for end in ends {
            let mut calls = Calls::default();
            calls.claim(false, Hidden::default());
            assert!(calls.claim(true, Hidden::default()).is_granted);
            end(&mut calls);
            assert_eq!(shown(calls), [("tier".to_owned(), "gold".to_owned())]);
        }
    }
}
