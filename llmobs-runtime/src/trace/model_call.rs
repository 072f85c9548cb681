//! Calls of models that integrations observe.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use llmobs_capture::is_muted;
use llmobs_providers::{Endpoint, Request, Response};
use serde_json::Number;

use super::claim::{Claim, EndedCall, OuterCall};
use super::context::{Context, current};
use super::frame::Frame;
use super::slot::Slot;
use super::span::Span;
use super::start::Draft;
use crate::base::clock::{self, Started};
use crate::base::kind::Kind;
use crate::deliver::sender::any_open;
use crate::model::annotation::Annotation;
use crate::model::attributes::SpanAttributes;
use crate::model::failure::Failure;
use crate::model::metrics;
use crate::model::observed::{Hidden, Observed, ObservedRequest};

/// A model call that an integration observes, such as a layer of an HTTP client.
///
/// One call is one span. If it begins inside an `llm` or `embedding` span of the program that shows no other call, that span shows it: the
/// messages, model and tokens of the call, except for what the program sets itself. Otherwise the call is a separate span. The same is
/// true of each of several calls inside one span, of each attempt that failed or was dropped before another one, and of a call that is
/// still running when the surrounding span ends. A call inside the [`context`](Self::context) of another one is the same call, observed
/// further inside: it is shown in place of the outer one, with what only that one knows, and the span ends with the later of both.
///
/// A step of another kind, such as a tool call, is always a separate span.
///
/// A call that is dropped before [`finish`](Self::finish) was cancelled.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::Kind;
/// use llmobs::integration::ModelCall;
/// use llmobs::providers::Endpoint;
///
/// # let body = br#"{"model":"gpt-4o","choices":[{"message":{"role":"assistant","content":"Hi"}}]}"#;
/// let endpoint = Endpoint::of("api.openai.com", "/v1/chat/completions").ok_or("no model is called there")?;
/// let mut reader = endpoint.reader();
/// let mut call = ModelCall::begin(Kind::Llm, "OpenAI.createChatCompletion", "openai");
/// call.request(endpoint, r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#.to_owned());
/// reader.push(body);
/// call.response(reader.finish());
/// call.finish();
/// assert_eq!(collector.tree(), "llm OpenAI.createChatCompletion  in user: Hello  out assistant: Hi\n");
/// # Ok::<(), &str>(())
/// ```
///
/// The default is a call that is not recorded.
#[derive(Default)]
#[must_use = "a call that is dropped was cancelled"]
pub struct ModelCall(Option<Box<Running>>);

struct Running {
    place: Place,
    kind: Kind,
    /// Nanoseconds since the Unix epoch, if the call ends before it is finished.
    end_nanos: Option<u64>,
    failed: bool,
    integration: &'static str,
    /// The attributes that another library gave its span, whether content may be shown, and whether calls are inside.
    attributes: Option<(SpanAttributes, bool, bool)>,
    observed: Option<Arc<Observed>>,
    hidden: Hidden,
    /// Other annotations of the span.
    notes: Option<Box<Annotation>>,
}

/// Which span shows a call.
enum Place {
    /// A separate span.
    Own(Span),
    /// The surrounding span of the program, as far as is known yet.
    Around(Around),
}

/// A call that the surrounding span of the program shows, unless a nested call is shown instead.
struct Around {
    frame: Arc<Frame>,
    call: OuterCall,
    /// The name of its span, if it becomes one.
    name: Cow<'static, str>,
    started: Started,
}

impl Place {
    fn frame(&self) -> Option<&Arc<Frame>> {
        match self {
            Self::Own(span) => span.0.as_ref(),
            Self::Around(around) => Some(&around.frame),
        }
    }

    /// When the call began.
    fn started(&self) -> Option<Started> {
        match self {
            Self::Own(span) => span.0.as_ref().map(|frame| frame.started()),
            Self::Around(around) => Some(around.started),
        }
    }
}

impl ModelCall {
    /// Begins a call, most often of the kind `llm` or `embedding`, with a name for its span, and the name of the integration that observes
    /// it. Its parent is the current span.
    pub fn begin(kind: Kind, name: impl Into<Cow<'static, str>>, integration: &'static str) -> Self {
        if !any_open() || is_muted() {
            return Self(None);
        }
        let here = current().0;
        let mut hidden = Hidden::default();
        let around = here.frame().filter(|frame| claim(frame, kind, here.call(), &mut hidden));
        let place = if let Some(frame) = around {
            let (frame, name) = (Arc::clone(frame), name.into());
            Place::Around(Around { frame, call: OuterCall::default(), name, started: Started::now() })
        } else {
            let mut span = Span::builder(kind, name).start();
            let Some(frame) = &mut span.0 else { return Self(None) };
            if let Some(frame) = Arc::get_mut(frame) {
                frame.takes_attributes();
            }
            // Sampling rules read the tags at the start of a span. Without rules, all tags are set together at its end.
            if frame.sender().defaults.sampler.has_rules() {
                span.annotate(|note| {
                    note.tag("integration", integration);
                });
            }
            Place::Own(span)
        };
        let mut running = Box::new(Running {
            place,
            kind,
            end_nanos: None,
            failed: false,
            integration,
            attributes: None,
            observed: None,
            hidden,
            notes: None,
        });
        if hidden.error {
            running.notes().more().skip_error = true;
        }
        Self(Some(running))
    }

    /// Returns whether the call is recorded. If it is not, the other methods do nothing.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether the content of requests and responses may be shown: see
    /// [`Config::capture_message_content`](crate::Config::capture_message_content).
    #[must_use]
    pub fn captures_content(&self) -> bool {
        self.frame().is_some_and(|frame| frame.sender().defaults.capture_message_content)
    }

    /// Returns about how many bytes are kept of a request, and of a response: see
    /// [`Config::max_capture_bytes`](crate::Config::max_capture_bytes).
    #[must_use]
    pub fn limit(&self) -> usize {
        self.frame().map_or(0, |frame| frame.sender().defaults.capture_limit)
    }

    /// Returns the context of the span that shows the call as far as is known yet, for the headers of the request and for nested calls.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.0.as_ref().map(|running| &running.place) {
            Some(Place::Around(Around { frame, call, .. })) => {
                Context(Slot::in_call(Arc::clone(frame), Arc::clone(call)))
            }
            Some(Place::Own(span)) => span.context(),
            None => current(),
        }
    }

    /// Sets the JSON text of the body of the request, and its endpoint. The text is read later, on another thread.
    pub fn request(&mut self, endpoint: Endpoint, body: String) {
        self.observe(|observed| observed.request = Some(Box::new(ObservedRequest::Body(endpoint, body))));
    }

    /// Sets a request that was already read.
    pub fn read_request(&mut self, request: Request) {
        self.observe(|observed| observed.request = Some(Box::new(ObservedRequest::Read(request))));
    }

    /// Sets the attributes that another library gave its span of the call. Other observations are more exact. `shows_content` is whether
    /// texts that people and models wrote may be shown, and `has_calls` is whether the span contains model calls, whose tokens it sums up.
    pub fn attributes(&mut self, attributes: SpanAttributes, shows_content: bool, has_calls: bool) {
        if let Some(running) = &mut self.0 {
            running.attributes = Some((attributes, shows_content, has_calls));
        }
    }

    /// Marks the call as failed, if other observations describe the failure.
    pub fn failed(&mut self) {
        if let Some(running) = &mut self.0 {
            running.failed = true;
        }
    }

    /// Renames the span and changes its kind, if they are known only after the start. `None` changes nothing. A span of the program that
    /// shows the call keeps its own.
    pub fn describe(&self, name: Option<&str>, kind: Option<Kind>) {
        self.annotate_own(|note| {
            note.name(name).kind(kind);
        });
    }

    /// Puts the span, and spans inside that start later, into a session, unless the program sets another one. `None` changes nothing.
    pub fn session_id(&mut self, session_id: Option<&str>) {
        let (Some(running), Some(session_id)) = (&mut self.0, session_id) else { return };
        match &running.place {
            Place::Own(span) => span.annotate(|note| {
                note.session_id(session_id);
            }),
            Place::Around(..) => {
                running.notes().session_id(session_id);
            }
        }
    }

    /// Annotates the span with tags and the like, except where the program sets them itself.
    pub fn annotate(&mut self, describe: impl FnOnce(&mut Annotation)) {
        if let Some(running) = &mut self.0 {
            describe(running.notes());
        }
    }

    /// Annotates the span, unless it is a span of the program.
    fn annotate_own(&self, describe: impl FnOnce(&mut Annotation)) {
        if let Some(Place::Own(span)) = self.0.as_ref().map(|running| &running.place) {
            span.annotate(describe);
        }
    }

    /// Sets the response. If it is an error, the call has failed.
    pub fn response(&mut self, response: Response) {
        if let Some(running) = &mut self.0 {
            running.failed |= response.error.is_some();
        }
        self.observe(|observed| observed.response = Some(Box::new(response)));
    }

    /// Records that the first content of a streamed response has arrived.
    pub fn first_token(&mut self) {
        if let Some(running) = &mut self.0
            && running.kind == Kind::Llm
            && !running.notes().metrics.contains_key(metrics::TIME_TO_FIRST_TOKEN)
            && let Some(started) = running.place.started()
            && let Some(seconds) = Number::from_f64(started.elapsed().as_secs_f64())
        {
            running.notes().metrics.insert(metrics::TIME_TO_FIRST_TOKEN.to_owned(), seconds);
        }
    }

    /// Marks the call as failed without a response, with the type of the failure and a message.
    pub fn fail(&mut self, kind: &str, message: impl Display) {
        if let Some(running) = &mut self.0 {
            let failure = Failure::of_message(kind, format_args!("{message}"));
            let shows_errors = running.place.frame().is_some_and(|frame| frame.shows_errors());
            let shows_text = shows_errors && !running.notes().skips_error();
            running.notes().failure = Some(if shows_text { failure } else { failure.without_text() });
            running.failed = true;
        }
    }

    /// Records that the call ends now, even if it is finished later, for example because a client keeps a response that it does not read.
    /// The last of several times counts.
    pub fn ends_now(&mut self) {
        if let Some(running) = &mut self.0 {
            running.end_nanos = Some(clock::unix_nanos());
        }
    }

    /// Ends the call.
    pub fn finish(mut self) {
        if let Some(running) = self.0.take() {
            running.end();
        }
    }

    /// Discards the call, if it turned out not to be one. Nothing is recorded of it.
    pub fn discard(mut self) {
        match self.0.take().map(|running| running.place) {
            Some(Place::Own(span)) => span.0.iter().for_each(|frame| frame.discard()),
            Some(Place::Around(around)) if around.has_inner() => {}
            Some(Place::Around(around)) => around.frame.discard_call(),
            None => {}
        }
    }

    fn frame(&self) -> Option<&Arc<Frame>> {
        self.0.as_ref().and_then(|running| running.place.frame())
    }

    fn observe(&mut self, set: impl FnOnce(&mut Observed)) {
        if let Some(running) = &mut self.0
            && let Some(observed) = Arc::get_mut(running.observed.get_or_insert_default())
        {
            set(observed);
        }
    }
}

impl Drop for ModelCall {
    fn drop(&mut self) {
        if let Some(mut running) = self.0.take() {
            if !running.failed {
                running.notes().tag("cancelled", "true");
            }
            running.end();
        }
    }
}

impl Around {
    /// Returns whether a nested call is shown in its place.
    fn has_inner(&self) -> bool {
        self.call.load(Ordering::Acquire)
    }
}

impl Running {
    fn notes(&mut self) -> &mut Annotation {
        let limit = || self.place.frame().map_or(0, |frame| frame.sender().defaults.capture_limit);
        self.notes.get_or_insert_with(|| Box::new(Annotation::new(limit())))
    }

    fn end(mut self) {
        let mut text = self.attributes.take().map(|(attributes, shows_content, has_calls)| {
            attributes.finish(self.integration, shows_content, has_calls)
        });
        let is_own = matches!(self.place, Place::Own(_)) && self.hidden == Hidden::default();
        let own_text = if is_own { text.take() } else { None };
        // The attributes of the span also name the integration.
        if own_text.is_none() || self.observed.is_some() {
            let mut shared = self.observed.take().unwrap_or_default();
            if let Some(observed) = Arc::get_mut(&mut shared) {
                (observed.integration, observed.hidden, observed.attributes) =
                    (self.integration, self.hidden, text.into_iter().collect());
            }
            self.notes().more().observed = Some(shared);
        }
        let Self { place, kind, end_nanos, failed, notes, .. } = self;
        match place {
            Place::Own(mut span) => {
                if let Some(frame) = &span.0 {
                    if let Some(text) = own_text {
                        frame.set_attributes(text);
                    }
                    frame.annotate_under(notes);
                    if frame.ends_with_call() {
                        // Dropping the span would end it.
                        span.0 = None;
                    } else if let Some(end_nanos) = end_nanos {
                        frame.finish_at(end_nanos);
                    }
                }
            }
            Place::Around(around) => {
                let has_inner = around.has_inner();
                let Around { frame, name, started, .. } = around;
                let start_nanos = started.unix_nanos();
                let end_nanos = end_nanos.unwrap_or_else(clock::unix_nanos);
                let call = EndedCall { kind, name, start_nanos, end_nanos, failed, notes };
                if has_inner {
                    frame.end_outer_call(call);
                } else if let Some(call) = frame.end_call(call) {
                    submit(call, &frame);
                }
            }
        }
    }
}

/// Returns whether the surrounding span shows a call of this kind.
fn claim(around: &Arc<Frame>, kind: Kind, outer: Option<&OuterCall>, hidden: &mut Hidden) -> bool {
    let Claim { is_granted, earlier, hidden: hidden_there } = around.claim_call(kind, outer);
    *hidden = hidden_there;
    if let Some(earlier) = earlier {
        submit(earlier, around);
    }
    is_granted
}

/// Turns an ended call into a separate span.
pub(super) fn submit(call: EndedCall, around: &Arc<Frame>) {
    let EndedCall { kind, name, start_nanos, end_nanos, notes, .. } = call;
    let mut draft = Draft::later(kind, name);
    draft.set_parent(&Slot::Span(Arc::clone(around)));
    if let Some(frame) = draft.frame() {
        frame.set_start(start_nanos);
    }
    if let Some(frame) = draft.start() {
        frame.annotate_under(notes);
        frame.finish_at(end_nanos);
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for ModelCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelCall").field(&self.frame()).finish()
    }
}
