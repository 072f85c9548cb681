//! Captures what is known about a call before its body runs.

use std::fmt;

use llmobs_capture::text::push_json_string;

use super::notes::{Notes, evaluated};
use super::sink::Sink;
use crate::model::captured::{Source, is_null};
use crate::trace::frame::Frame;

/// The data that an instrumented call starts with.
pub struct Setup<'a>(&'a mut Frame);

impl<'a> Setup<'a> {
    #[inline]
    pub(super) fn new(frame: &'a mut Frame) -> Self {
        frame.start.attribute = true;
        Self(frame)
    }

    /// Sets a name other than that of the function.
    pub fn name(&mut self, name: impl FnOnce() -> Option<String>) {
        if let Some(name) = evaluated("name", name).flatten() {
            self.0.start.name = name.into();
        }
    }

    /// Sets the session.
    pub fn session_id(&mut self, session_id: impl FnOnce() -> Option<String>) {
        if let Some(session_id) = evaluated("session_id", session_id).flatten() {
            self.0.set_session_id(session_id);
        }
    }

    /// Sets the application.
    pub fn ml_app(&mut self, ml_app: impl FnOnce() -> Option<String>) {
        if let Some(ml_app) = evaluated("ml_app", ml_app).flatten() {
            self.0.set_ml_app(ml_app);
        }
    }

    /// Sets the name of the model.
    pub fn model_name(&mut self, model_name: impl FnOnce() -> Option<String>) {
        if let model_name @ Some(_) = evaluated("model_name", model_name).flatten() {
            self.0.annotation().model_name = model_name;
        }
    }

    /// Sets the provider of the model.
    pub fn model_provider(&mut self, model_provider: impl FnOnce() -> Option<String>) {
        if let model_provider @ Some(_) = evaluated("model_provider", model_provider).flatten() {
            self.0.annotation().model_provider = model_provider;
        }
    }

    /// Sets the version of an agent.
    pub fn version(&mut self, version: impl FnOnce() -> Option<String>) {
        if let Some(version) = evaluated("version", version).flatten() {
            self.0.annotation().set_agent_version(version);
        }
    }

    /// Returns the destination of the next argument. The key is the name of the argument as JSON writes it after another member: with a
    /// comma, quotes and a colon.
    #[inline]
    pub fn argument(&mut self, key: &str) -> Sink<'_> {
        let limit = self.0.capture_limit();
        self.0.start.source = Source::Arguments;
        let out = &mut self.0.cell_mut().text;
        if out.is_empty() {
            out.push('{');
            out.push_str(key.get(1..).unwrap_or_default());
        } else {
            out.push_str(key);
        }
        Sink::new(Some(out), limit)
    }

    /// Writes `[redacted]` in place of the value of an argument, which is not shown anywhere else then.
    pub fn redacted(&mut self, key: &str) {
        self.0.start.own_input = true;
        self.argument(key).put(|out, _| push_json_string("[redacted]", out));
    }

    /// Writes the whole input, instead of the arguments.
    pub fn input(&mut self, write: impl FnOnce(Sink<'_>)) {
        let limit = self.0.capture_limit();
        self.0.start.own_input = true;
        let text = &mut self.0.cell_mut().text;
        evaluated("input", || write(Sink::new(Some(text), limit)));
        if is_null(text) {
            text.clear();
        }
    }

    /// Keeps only the type of an error or panic that the call ends with.
    pub fn skip_error(&mut self) {
        self.0.annotation().more().skip_error = true;
    }

    /// Shows only the captured input, even if an integration observes a request to a model, on this span or those of calls inside.
    pub fn own_input(&mut self) {
        self.0.start.own_input = true;
    }

    /// Shows only the captured output, even if an integration observes the response of a model, on this span or those of calls inside.
    pub fn own_output(&mut self) {
        self.0.start.own_output = true;
    }

    /// Tags, metadata and metrics.
    pub fn notes(&mut self) -> Notes<'_> {
        let limit = self.0.capture_limit();
        Notes::new(&mut self.0.cell_mut().annotation, limit)
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Setup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").finish_non_exhaustive()
    }
}
