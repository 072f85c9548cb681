//! What the attributes expand to: one call of an instrumented function.

use crate::capture::{Captured, buffer, push_string};
use crate::failure::Failure;
use crate::frame::Settings;
use crate::kind::Kind;
use crate::sender::any_open;
use crate::span::{Origin, Span};
use crate::wrap::InContext;

/// The span of one call of an instrumented function.
///
/// Dropped before [`finish`](Self::finish) the call was cancelled, unless a panic was noted: an `async fn` whose
/// future was dropped half-way.
#[derive(Debug)]
pub struct Call {
    span: Span,
    finished: bool,
}

impl Call {
    /// Begins the span, if there is anything to record it. `describe` says what is known before the body runs.
    #[inline]
    pub fn start(kind: Kind, name: &'static str, describe: impl FnOnce(&mut Setup)) -> Self {
        let recorded = if any_open() { Origin::here() } else { None };
        let frame = recorded.map(|origin| {
            let mut setup = Setup::new(kind, name, origin.capture_limit());
            describe(&mut setup);
            origin.start(setup.finish())
        });
        Self { span: Span(frame), finished: false }
    }

    /// Runs the body of a function inside the span.
    ///
    /// That the body comes as a `FnOnce` is what lets it return what it borrowed from its arguments.
    #[inline]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        self.span.enter(body)
    }

    /// Runs the body of an `async fn` inside the span.
    pub fn run_async<F: Future>(&self, body: F) -> InContext<F> {
        InContext::in_frame(body, self.span.0.as_ref())
    }

    /// Ends the span with what the body returned.
    #[inline]
    pub fn finish(mut self, describe: impl FnOnce(&mut Ending)) {
        self.finished = true;
        let Some(frame) = &self.span.0 else { return };
        // Capturing the output is not part of the call.
        let duration_nanos = frame.elapsed_nanos();
        let mut ending = Ending {
            limit: frame.sender().defaults.capture_limit,
            output: (!frame.has_output()).then(buffer),
            failure: None,
        };
        describe(&mut ending);
        frame.end(
            ending.output.filter(|output| !output.is_empty()).map(Captured::returned),
            ending.failure,
            duration_nanos,
        );
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.finished
            && let Some(frame) = &self.span.0
        {
            frame.cancel();
        }
    }
}

/// Where the JSON text of one value goes.
#[derive(Debug)]
pub struct Sink<'a> {
    out: Option<&'a mut String>,
    limit: usize,
}

impl Sink<'_> {
    /// Calls `write` with the text and the budget, unless the value is not wanted.
    pub(crate) fn put(self, write: impl FnOnce(&mut String, usize)) {
        if let Some(out) = self.out {
            write(out, self.limit);
        }
    }
}

/// What an instrumented call starts with.
#[derive(Debug)]
pub struct Setup {
    settings: Settings,
    limit: usize,
    /// A JSON object under construction, without its last bracket.
    arguments: Option<String>,
}

impl Setup {
    fn new(kind: Kind, name: &'static str, limit: usize) -> Self {
        let settings = Settings { attribute: true, ..Settings::new(kind, name.into()) };
        Self { settings, limit, arguments: None }
    }

    /// Names the span otherwise than the function.
    pub fn name(&mut self, name: Option<String>) {
        if let Some(name) = name {
            self.settings.name = name.into();
        }
    }

    /// Puts the span into a session.
    pub fn session_id(&mut self, session_id: Option<String>) {
        self.settings.session_id = session_id.map(Into::into);
    }

    /// Puts the span into an application.
    pub fn ml_app(&mut self, ml_app: Option<String>) {
        self.settings.ml_app = ml_app.map(Into::into);
    }

    /// Names the model.
    pub fn model_name(&mut self, model_name: Option<String>) {
        self.settings.model_name = model_name;
    }

    /// Names who runs the model.
    pub fn model_provider(&mut self, model_provider: Option<String>) {
        self.settings.model_provider = model_provider;
    }

    /// Where the value of the next argument goes.
    pub fn argument(&mut self, name: &str) -> Sink<'_> {
        let out = self.arguments.get_or_insert_with(buffer);
        out.push(if out.is_empty() { '{' } else { ',' });
        push_string(name, usize::MAX, out);
        out.push(':');
        Sink { out: Some(out), limit: self.limit }
    }

    fn finish(self) -> Settings {
        let input = self.arguments.map(|mut json| {
            json.push('}');
            Captured::arguments(json)
        });
        Settings { input, ..self.settings }
    }
}

/// How an instrumented call ended.
#[derive(Debug)]
pub struct Ending {
    limit: usize,
    /// `None` where an output was annotated, which wins.
    output: Option<String>,
    failure: Option<Failure>,
}

impl Ending {
    /// Where the returned value goes.
    pub fn output(&mut self) -> Sink<'_> {
        Sink { out: self.output.as_mut(), limit: self.limit }
    }

    /// The body returned an error.
    pub fn error(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}
