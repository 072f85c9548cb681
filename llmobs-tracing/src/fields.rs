//! What the fields of a span say.

use std::error::Error;
use std::fmt::{self, Debug};

use llmobs_capture::guard::guarded;
use llmobs_capture::text::{plain, shortened};
use llmobs_capture::value::replace;
use llmobs_providers::shortened_json;
use llmobs_runtime::integration::Capture;
use llmobs_runtime::{Annotation, Kind};
use serde_json::{Number, Value};
use tracing_core::Field;
use tracing_core::field::Visit;

use crate::callsite::Callsite;
use crate::meaning::{Meaning, Name};

/// What the fields of a span said so far.
#[derive(Default)]
pub(crate) struct Said {
    /// Attributes of conventions. Each name is there once.
    attributes: Vec<(&'static str, Value)>,
    kind: Option<Kind>,
    names: [Option<String>; 5],
    pub(crate) session_id: Option<String>,
    tags: Vec<(&'static str, String)>,
    metrics: Vec<(&'static str, Number)>,
    metadata: Vec<(&'static str, Value)>,
    /// Values in the forms that annotations take.
    given: [Option<String>; 4],
    pub(crate) has_failed: bool,
}

impl Said {
    /// The kind of the step.
    pub(crate) fn kind(&self, callsite: &Callsite) -> Kind {
        self.kind.unwrap_or(callsite.kind)
    }

    /// The name of a step of a kind.
    pub(crate) fn name(&self, kind: Kind) -> Option<&str> {
        let preferred = match kind {
            Kind::Agent => Some(Name::Agent),
            Kind::Tool => Some(Name::Tool),
            Kind::Workflow | Kind::Task => Some(Name::Workflow),
            _ => None,
        };
        let names = [Some(Name::Own), preferred, Some(Name::Span)];
        names.into_iter().flatten().find_map(|name| self.names.get(name as usize)?.as_deref())
    }

    /// Whether they said the kind of the step or a name.
    pub(crate) fn describes(&self) -> bool {
        self.kind.is_some() || self.names.iter().any(Option::is_some)
    }

    /// Adds what is said later.
    pub(crate) fn add(&mut self, later: Self) {
        let Self { attributes, kind, names, session_id, tags, metrics, metadata, given, has_failed } = later;
        put_all(&mut self.attributes, attributes);
        put_all(&mut self.tags, tags);
        put_all(&mut self.metrics, metrics);
        put_all(&mut self.metadata, metadata);
        replace(&mut self.kind, kind);
        replace(&mut self.session_id, session_id);
        self.has_failed |= has_failed;
        let own = self.names.iter_mut().chain(&mut self.given);
        for (own, later) in own.zip(names.into_iter().chain(given)) {
            replace(own, later);
        }
    }

    /// Takes out the attributes of a step of a kind. The tokens of one that is no call of a model are left out if they are those of calls
    /// inside.
    pub(crate) fn take_attributes(&mut self, kind: Kind, has_calls: bool) -> Vec<(&'static str, Value)> {
        let mut attributes = std::mem::take(&mut self.attributes);
        if has_calls && !matches!(kind, Kind::Llm | Kind::Embedding) {
            attributes.retain(|(name, _)| {
                !["gen_ai.usage.", "llm.token_count.", "llm.usage.", "llm.cost.", "langfuse.usage"]
                    .iter()
                    .any(|usage| name.starts_with(usage))
            });
        }
        let says_error =
            |(name, _): &(&str, Value)| name.starts_with("error.") || name.starts_with("exception.");
        if self.has_failed && !attributes.iter().any(says_error) {
            attributes.push(("error.type", "error".into()));
        }
        if kind != Kind::Agent
            && let Some(agent) = self.names.get_mut(Name::Agent as usize).and_then(Option::take)
        {
            attributes.push(("gen_ai.agent.name", agent.into()));
        }
        attributes
    }

    /// Puts the rest on a span.
    pub(crate) fn annotate(self, note: &mut Annotation) {
        note.tags(self.tags).metrics(self.metrics);
        let [input, output, request, response] = self.given.map(|text| text.as_deref().map(json));
        note.request(request).response(response).input(input).output(output);
        for (name, value) in self.metadata {
            note.metadata(name, value);
        }
    }
}

/// Sets each value, in place of an earlier one of its name.
fn put_all<T>(list: &mut Vec<(&'static str, T)>, later: Vec<(&'static str, T)>) {
    if list.is_empty() {
        *list = later;
        return;
    }
    for (name, value) in later {
        put(list, name, value);
    }
}

fn put<T>(list: &mut Vec<(&'static str, T)>, name: &'static str, value: T) {
    match list.iter_mut().find(|(found, _)| *found == name) {
        Some((_, old)) => *old = value,
        None => list.push((name, value)),
    }
}

/// Reads the fields of a span or an event.
pub(crate) struct Reader {
    callsite: &'static Callsite,
    capture: Capture,
    said: Said,
}

impl Reader {
    pub(crate) fn new(callsite: &'static Callsite, capture: Capture) -> Self {
        Self { callsite, capture, said: Said::default() }
    }

    pub(crate) fn finish(self) -> Said {
        self.said
    }

    fn meaning(&self, field: &Field) -> Meaning {
        self.callsite.meanings.get(field.index()).copied().unwrap_or(Meaning::Nothing)
    }

    fn number(&mut self, field: &Field, number: Number) {
        match self.meaning(field) {
            Meaning::Attribute(name) | Meaning::Content(name) => {
                put(&mut self.said.attributes, name, number.into());
            }
            Meaning::Metric(name) => put(&mut self.said.metrics, name, number),
            Meaning::Metadata(name) => put(&mut self.said.metadata, name, number.into()),
            Meaning::Nothing => {}
            _ => self.text(field, &number.to_string()),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        // An empty text says nothing, and takes no other's place.
        if text.is_empty() {
            return;
        }
        match self.meaning(field) {
            Meaning::Attribute(name) => {
                self.said.has_failed |= is_failure(name, text);
                put(&mut self.said.attributes, name, short(text, self.capture.limit).into());
            }
            Meaning::Content(name) => {
                self.said.has_failed |= is_failure(name, text);
                if self.capture.shows_content {
                    put(&mut self.said.attributes, name, short(text, self.capture.limit).into());
                }
            }
            Meaning::Given(given) => {
                if self.capture.shows_content
                    && let Some(slot) = self.said.given.get_mut(given as usize)
                {
                    *slot = Some(short(text, self.capture.limit));
                }
            }
            Meaning::Operation(name, vocabulary) => {
                self.said.kind = vocabulary.kind(text).or(self.said.kind);
                put(&mut self.said.attributes, name, text.into());
            }
            Meaning::Name(name) => {
                // What rig calls agents that have no name.
                if text != "Unnamed Agent"
                    && let Some(slot) = self.said.names.get_mut(name as usize)
                {
                    *slot = Some(text.to_owned());
                }
            }
            Meaning::Session => self.said.session_id = Some(text.to_owned()),
            Meaning::Tag(name) => put(&mut self.said.tags, name, text.to_owned()),
            Meaning::Metric(name) => {
                if let Ok(number) = text.parse() {
                    put(&mut self.said.metrics, name, number);
                }
            }
            Meaning::Metadata(name) => {
                if self.capture.shows_content {
                    put(&mut self.said.metadata, name, short(text, self.capture.limit).into());
                }
            }
            Meaning::Nothing => {}
        }
    }

    fn formatted(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if self.meaning(field) != Meaning::Nothing
            && let Some(text) = guarded(|| plain(value, self.capture.limit))
        {
            self.text(field, &text);
        }
    }
}

/// Whether an attribute says that the step failed.
fn is_failure(name: &str, text: &str) -> bool {
    match name {
        "otel.status_code" => text.eq_ignore_ascii_case("error"),
        "error.type"
        | "error.message"
        | "exception.type"
        | "exception.message"
        | "gen_ai.tool.error.type" => true,
        _ => false,
    }
}

/// The value of a JSON text, or any other text as it is.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// A text of at most about `limit` bytes. JSON stays JSON.
fn short(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    shortened_json(text, limit).unwrap_or_else(|| shortened(text, limit))
}

impl Visit for Reader {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if let Some(number) = Number::from_f64(value) {
            self.number(field, number);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match self.meaning(field) {
            Meaning::Attribute(name) | Meaning::Content(name) => {
                put(&mut self.said.attributes, name, value.into());
            }
            Meaning::Metadata(name) => put(&mut self.said.metadata, name, value.into()),
            Meaning::Nothing => {}
            _ => self.text(field, if value { "true" } else { "false" }),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.formatted(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.formatted(field, format_args!("{value:?}"));
    }
}
