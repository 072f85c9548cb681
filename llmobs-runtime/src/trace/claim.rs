//! Which calls of models are shown by the span of the program around them.
//!
//! A span that has one call inside shows it. Where there are more, each is a span of its own, but for attempts that failed before one
//! succeeded: then the span shows the last one. Of calls one inside the other, which are one call that several integrations observe, it
//! shows the innermost.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::base::kind::Kind;
use crate::model::annotation::Annotation;

/// The calls of models inside a span.
#[derive(Default)]
pub(super) enum Calls {
    #[default]
    None,
    /// One goes on.
    Running,
    /// One has ended.
    Ended(Box<EndedCall>),
    /// Each of them is a span of its own.
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
    pub(super) notes: Annotation,
}

/// A call of a model that others can be inside of: whether one of them is shown in its place.
pub(super) type OuterCall = Arc<AtomicBool>;

/// How a call that begins is shown.
pub(super) struct Claim {
    /// Whether the span around it shows it.
    pub(super) is_granted: bool,
    /// An earlier call that becomes a span of its own now.
    pub(super) earlier: Option<Box<EndedCall>>,
}

impl Calls {
    /// Begins a call, which may take the place of the one that goes on.
    pub(super) fn claim(&mut self, takes_over: bool) -> Claim {
        let (next, is_granted, earlier) = match std::mem::take(self) {
            Self::None => (Self::Running, true, None),
            Self::Running if takes_over => (Self::Running, true, None),
            Self::Ended(attempt) if attempt.failed => (Self::Running, true, Some(attempt)),
            Self::Ended(call) => (Self::Several, false, Some(call)),
            Self::Running | Self::Several => (Self::Several, false, None),
        };
        *self = next;
        Claim { is_granted, earlier }
    }

    /// Ends the call that was granted. Returns it if it is a span of its own by now.
    pub(super) fn end(&mut self, call: Box<EndedCall>) -> Option<Box<EndedCall>> {
        if let Self::Running = self {
            *self = Self::Ended(call);
            return None;
        }
        Some(call)
    }

    /// The call that the span shows, when the span ends.
    pub(super) fn take(&mut self) -> Option<Box<EndedCall>> {
        if let Self::Ended(call) = std::mem::take(self) { Some(call) } else { None }
    }
}
