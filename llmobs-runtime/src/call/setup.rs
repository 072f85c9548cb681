//! What is known about a call before its body runs.

use std::fmt;
use std::sync::Arc;

use crate::call::Sink;
use crate::call::notes::{Notes, evaluated};
use crate::capture::{Captured, buffer, push_string};
use crate::config::CAPTURE_LIMIT;
use crate::frame::{Frame, Settings};
use crate::kind::Kind;
use crate::span::Origin;

/// What an instrumented call starts with.
pub struct Setup {
    /// Where the span starts. `None` for what is current when it does.
    origin: Option<Origin>,
    settings: Settings,
    limit: usize,
    /// A JSON object under construction, without its last bracket.
    arguments: Option<String>,
    notes: Notes,
}

impl Setup {
    /// For a span that starts in `origin`, or where that is `None` later, under what is current then.
    pub(super) fn new(origin: Option<Origin>, kind: Kind, name: &'static str) -> Box<Self> {
        let limit = origin.as_ref().map(Origin::capture_limit);
        let limit = limit.or_else(|| Some(Origin::here()?.capture_limit())).unwrap_or(CAPTURE_LIMIT);
        let settings = Settings { attribute: true, ..Settings::new(kind, name.into()) };
        Box::new(Self { origin, settings, limit, arguments: None, notes: Notes::new(limit) })
    }

    /// Names the span otherwise than the function.
    pub fn name(&mut self, name: impl FnOnce() -> Option<String>) {
        if let Some(name) = evaluated("name", name).flatten() {
            self.settings.name = name.into();
        }
    }

    /// Puts the span into a session.
    pub fn session_id(&mut self, session_id: impl FnOnce() -> Option<String>) {
        self.settings.session_id = evaluated("session_id", session_id).flatten().map(Into::into);
    }

    /// Puts the span into an application.
    pub fn ml_app(&mut self, ml_app: impl FnOnce() -> Option<String>) {
        self.settings.ml_app = evaluated("ml_app", ml_app).flatten().map(Into::into);
    }

    /// Names the model.
    pub fn model_name(&mut self, model_name: impl FnOnce() -> Option<String>) {
        self.settings.facts.model_name = evaluated("model_name", model_name).flatten();
    }

    /// Names who runs the model.
    pub fn model_provider(&mut self, model_provider: impl FnOnce() -> Option<String>) {
        self.settings.facts.model_provider = evaluated("model_provider", model_provider).flatten();
    }

    /// Tells which version of an agent runs.
    pub fn version(&mut self, version: impl FnOnce() -> Option<String>) {
        self.settings.set_version(evaluated("version", version).flatten());
    }

    /// Where the value of the next argument goes.
    pub fn argument(&mut self, name: &str) -> Sink<'_> {
        let out = self.arguments.get_or_insert_with(buffer);
        out.push(if out.is_empty() { '{' } else { ',' });
        push_string(name, usize::MAX, out);
        out.push(':');
        Sink::new(Some(out), self.limit)
    }

    /// Shows that there was an argument, and not what it was.
    pub fn redacted(&mut self, name: &str) {
        self.argument(name).put(|out, limit| push_string("[redacted]", limit, out));
    }

    /// Writes the whole input, instead of the arguments.
    pub fn input(&mut self, write: impl FnOnce(Sink<'_>)) {
        let (mut json, limit) = (buffer(), self.limit);
        evaluated("input", || write(Sink::new(Some(&mut json), limit)));
        self.settings.facts.input = Some(Captured::value(json)).filter(|input| !input.is_null());
    }

    /// Tags, metadata and metrics.
    pub fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }

    /// Starts the span, if there is anything to record it.
    pub(super) fn start(mut self: Box<Self>) -> Option<Arc<Frame>> {
        let origin = self.origin.take().or_else(Origin::here)?;
        if let Some(mut json) = self.arguments.take() {
            json.push('}');
            self.settings.facts.input = Some(Captured::arguments(json));
        }
        let notes = self.notes.take();
        let frame = origin.start(self.settings);
        if let Some(notes) = notes {
            frame.annotate(notes);
        }
        Some(frame)
    }
}

/// Without what it says, which may be secret.
impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").finish_non_exhaustive()
    }
}
