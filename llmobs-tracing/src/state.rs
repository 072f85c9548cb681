//! The state that the layer keeps of a span, in the extensions of the span.

use std::sync::atomic::{AtomicUsize, Ordering};

use llmobs_runtime::integration::{
    Capture, ModelCall, enter, is_entered, is_in_trace, is_of_client_here, new_trace, same_trace,
};
use llmobs_runtime::{Context, Kind, current};

use crate::callsite::Callsite;
use crate::fields::Recorded;

/// The number of spans with a state, over all layers. While it is zero, states are not looked up.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Returns whether any span has a state.
pub(crate) fn any() -> bool {
    COUNT.load(Ordering::Relaxed) != 0
}

/// Counts one span until it is dropped.
pub(crate) struct Counted(());

impl Counted {
    pub(crate) fn new() -> Self {
        COUNT.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A context that is current while a span is entered.
#[derive(Clone, Default)]
pub(crate) struct Place {
    context: Context,
    /// Whether it is the context of a step, or one that was stored in another span.
    is_own: bool,
}

impl Place {
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the context current until this entry is left. If the current context is nearer, that one is entered once more instead, because
    /// it is left as often.
    pub(crate) fn enter(&self, entry: u64) {
        let is_elsewhere = is_in_trace() || !is_of_client_here(&self.context);
        // A step that is entered again contains the current context.
        if is_elsewhere && (!self.is_own || is_entered(entry)) {
            enter(entry, current());
        } else {
            enter(entry, &self.context);
        }
    }
}

/// The LLM span of a span that is a step of an LLM application. It ends when this is dropped.
pub(crate) struct Step {
    call: ModelCall,
    place: Place,
    capture: Capture,
    recorded: Recorded,
    /// The current kind of the LLM span.
    kind: Kind,
    callsite: &'static Callsite,
    /// Whether the step contains model calls with their own tokens.
    has_counted_calls: bool,
    _counted: Counted,
}

impl Step {
    /// Begins an LLM span here, for a span with these fields at its start.
    pub(crate) fn begin(callsite: &'static Callsite, mut recorded: Recorded, capture: Capture) -> Self {
        let kind = recorded.kind().unwrap_or(callsite.kind);
        let mut call = match recorded.name(kind) {
            Some(name) => ModelCall::begin(kind, name.to_owned(), callsite.library),
            None => ModelCall::begin(kind, callsite.name, callsite.library),
        };
        recorded.describes();
        call.session_id(recorded.session_id());
        let place = Place { context: call.context(), is_own: true };
        Self {
            call,
            place,
            capture,
            recorded,
            kind,
            callsite,
            has_counted_calls: false,
            _counted: Counted::new(),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn capture(&self) -> Capture {
        self.capture
    }

    pub(crate) fn callsite(&self) -> &'static Callsite {
        self.callsite
    }

    /// Returns the recorded fields, so that more can be added.
    pub(crate) fn recorded(&mut self) -> &mut Recorded {
        &mut self.recorded
    }

    /// Returns whether this is a model call.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self.kind, Kind::Llm | Kind::Embedding)
    }

    /// Returns whether this is a model call with its own tokens.
    pub(crate) fn is_counted_call(&self) -> bool {
        self.is_call() && (self.callsite.has_usage || self.recorded.has_usage())
    }

    /// Records that there is such a call inside.
    pub(crate) fn has_counted_call(&mut self) {
        self.has_counted_calls = true;
    }

    /// Updates the kind, name and session of the LLM span, if they were recorded since.
    pub(crate) fn describe(&mut self) {
        if self.recorded.describes() {
            self.kind = self.recorded.kind().unwrap_or(self.kind);
            self.call.describe(self.recorded.name(self.kind), Some(self.kind));
            self.call.session_id(self.recorded.session_id());
        }
    }

    /// Records that the output of another step went into this one.
    pub(crate) fn link(&mut self, source: &Context) {
        let source = source.export();
        self.call.annotate(|note| {
            note.link(source);
        });
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let (mut call, recorded) = (std::mem::take(&mut self.call), std::mem::take(&mut self.recorded));
        // Dropped first, so that the call has the last handle to its span, which can then be reused.
        drop(std::mem::take(&mut self.place));
        if recorded.has_failed() {
            call.failed();
        }
        if recorded.has_notes() {
            call.annotate(|note| recorded.annotate(note));
        }
        call.attributes(
            recorded.into_attributes(self.kind),
            self.capture.shows_content,
            self.has_counted_calls,
        );
        call.finish();
    }
}

/// The context of the LLM spans inside any other span.
pub(crate) struct Carried {
    place: Place,
    _counted: Counted,
}

impl Carried {
    pub(crate) fn new(context: Context) -> Self {
        Self { place: Place { context, is_own: false }, _counted: Counted::new() }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

/// The trace of the steps inside an outermost span that are in no other trace. They share nothing else.
pub(crate) struct Root(Context);

impl Root {
    pub(crate) fn new() -> Self {
        Self(new_trace())
    }

    /// Returns the context of a step that starts here.
    pub(crate) fn context(&self) -> Context {
        same_trace(&self.0)
    }
}
