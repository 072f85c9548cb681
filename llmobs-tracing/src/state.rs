//! What the layer keeps of a span, in the extensions of the span.

use std::sync::atomic::{AtomicUsize, Ordering};

use llmobs_runtime::integration::{
    Capture, ModelCall, enter, is_entered, is_in_trace, is_of_client_here, new_trace, same_trace,
};
use llmobs_runtime::{Context, Kind, current};

use crate::callsite::Callsite;
use crate::fields::Said;

/// How many spans have a state, of all layers. While there are none, they are not looked for.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether a span has a state.
pub(crate) fn any() -> bool {
    COUNT.load(Ordering::Relaxed) != 0
}

/// One of the spans that are counted, until it is dropped.
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
    /// Whether it is that of a step, or one that a span carries.
    is_own: bool,
}

impl Place {
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the context current, until this entry is left. Where what is current is nearer, that is current once more, since it is left
    /// as often.
    pub(crate) fn enter(&self, entry: u64) {
        let is_elsewhere = is_in_trace() || !is_of_client_here(&self.context);
        // A step that is entered again has what is current inside of it.
        if is_elsewhere && (!self.is_own || is_entered(entry)) {
            enter(entry, current());
        } else {
            enter(entry, &self.context);
        }
    }
}

/// Of a span that is a step of an LLM application: its LLM span. It ends when this is dropped.
pub(crate) struct Step {
    call: ModelCall,
    place: Place,
    capture: Capture,
    said: Said,
    /// The kind that the LLM span has so far.
    kind: Kind,
    callsite: &'static Callsite,
    /// Whether calls of models are inside that have tokens of their own.
    has_counted_calls: bool,
    _counted: Counted,
}

impl Step {
    /// Begins an LLM span here, for a span whose fields said this at its start.
    pub(crate) fn begin(callsite: &'static Callsite, mut said: Said, capture: Capture) -> Self {
        let kind = said.kind().unwrap_or(callsite.kind);
        let mut call = match said.name(kind) {
            Some(name) => ModelCall::begin(kind, name.to_owned(), callsite.library),
            None => ModelCall::begin(kind, callsite.name, callsite.library),
        };
        said.describes();
        call.session_id(said.session_id());
        let place = Place { context: call.context(), is_own: true };
        Self {
            call,
            place,
            capture,
            said,
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

    /// What was said, for more to be added.
    pub(crate) fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    /// Whether it is a call of a model.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self.kind, Kind::Llm | Kind::Embedding)
    }

    /// Whether it is one that has tokens of its own.
    pub(crate) fn is_counted_call(&self) -> bool {
        self.is_call() && (self.callsite.has_usage || self.said.has_usage())
    }

    /// Takes note of such a call inside.
    pub(crate) fn has_counted_call(&mut self) {
        self.has_counted_calls = true;
    }

    /// Gives the LLM span its kind, name and session, if one was said since.
    pub(crate) fn describe(&mut self) {
        if self.said.describes() {
            self.kind = self.said.kind().unwrap_or(self.kind);
            self.call.describe(self.said.name(self.kind), Some(self.kind));
            self.call.session_id(self.said.session_id());
        }
    }

    /// Says that the output of another step went into this one.
    pub(crate) fn link(&mut self, source: &Context) {
        let source = source.export();
        self.call.annotate(|note| {
            note.link(source);
        });
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let (mut call, said) = (std::mem::take(&mut self.call), std::mem::take(&mut self.said));
        // So that the call has the last handle on its span, which can then be used again.
        drop(std::mem::take(&mut self.place));
        if said.has_failed() {
            call.failed();
        }
        if said.has_notes() {
            call.annotate(|note| said.annotate(note));
        }
        call.attributes(said.into_attributes(self.kind), self.capture.shows_content, self.has_counted_calls);
        call.finish();
    }
}

/// Of any other span: where the LLM spans inside belong.
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

/// Of an outermost span: the trace of the steps inside that are in no other. They have nothing else in common.
pub(crate) struct Root(Context);

impl Root {
    pub(crate) fn new() -> Self {
        Self(new_trace())
    }

    /// The context of a step that starts here.
    pub(crate) fn context(&self) -> Context {
        same_trace(&self.0)
    }
}
