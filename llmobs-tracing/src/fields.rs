//! Reads the fields of spans.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Debug};

use llmobs_capture::guard::guarded;
use llmobs_capture::text::{plain, shortened};
use llmobs_capture::value::replace;
use llmobs_providers::shortened_json;
use llmobs_runtime::integration::{Capture, SpanAttributes};
use llmobs_runtime::{Annotation, Kind};
use serde_json::{Number, Value};
use tracing_core::Field;
use tracing_core::field::Visit;

use crate::callsite::{Callsite, FieldOf, OwnNames};
use crate::meaning::{Given, Meaning, Name};

/// The recorded fields of a span.
#[derive(Default)]
pub(crate) struct Recorded {
    /// Attributes of conventions.
    attributes: SpanAttributes,
    kind: Option<Kind>,
    /// The names of the step, if it has any.
    names: Option<Box<[Option<String>; 6]>>,
    session_id: Option<String>,
    /// Other annotations of the LLM span: each meaning occurs once.
    notes: Vec<(Meaning, Value)>,
    failed: Failed,
    /// Whether parts of the step recorded tokens.
    has_usage: bool,
    /// Whether the kind, a name or the session was recorded since the last check.
    describes: bool,
}

/// Whether a step failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Failed {
    #[default]
    No,
    Yes,
    /// An attribute describes the failure.
    Described,
}

impl Recorded {
    pub(crate) fn new(capture: Capture) -> Self {
        // Room for messages of input and output, instructions and tools.
        let limit = capture.limit.saturating_mul(4).saturating_add(64 * 1024);
        Self { attributes: SpanAttributes::new(limit), ..Self::default() }
    }

    /// Adds fields that were recorded later, by the same span or by a part.
    pub(crate) fn add(&mut self, later: Self) {
        self.attributes.add(&later.attributes);
        replace(&mut self.kind, later.kind);
        replace(&mut self.session_id, later.session_id);
        for (name, text) in later.names.into_iter().flat_map(|names| (0..).zip(*names)) {
            if let Some(text) = text {
                self.set_name(name, text);
            }
        }
        for (meaning, value) in later.notes {
            self.set_note(meaning, value);
        }
        self.failed = self.failed.max(later.failed);
        self.has_usage |= later.has_usage;
        self.describes |= later.describes;
    }

    fn set_name(&mut self, name: usize, text: String) {
        if let Some(slot) = self.names.get_or_insert_default().get_mut(name) {
            *slot = Some(text);
        }
    }

    fn set_note(&mut self, meaning: Meaning, value: Value) {
        match self.notes.iter_mut().find(|(found, _)| *found == meaning) {
            Some((_, slot)) => *slot = value,
            None => self.notes.push((meaning, value)),
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed != Failed::No
    }

    /// Returns whether parts of the step recorded tokens.
    pub(crate) fn has_usage(&self) -> bool {
        self.has_usage
    }

    /// Returns whether the kind, a name or the session was recorded since the last check.
    pub(crate) fn describes(&mut self) -> bool {
        std::mem::take(&mut self.describes)
    }

    /// Returns the kind of the step, or `None` if it was not recorded.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Returns the name of a step of a kind.
    pub(crate) fn name(&self, kind: Kind) -> Option<&str> {
        let names = self.names.as_deref()?;
        let preferred = match kind {
            Kind::Agent => Name::Agent,
            Kind::Tool => Name::Tool,
            Kind::Workflow | Kind::Task => Name::Workflow,
            _ => Name::Own,
        };
        let order = [Name::Own, preferred, Name::Entity, Name::Span];
        let name = order.into_iter().find_map(|name| names.get(name as usize)?.as_deref())?;
        let tool = if kind == Kind::Tool { name.strip_prefix("tool.") } else { None };
        Some(tool.unwrap_or(name))
    }

    pub(crate) fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Returns the attributes of a step of a kind.
    pub(crate) fn into_attributes(mut self, kind: Kind) -> SpanAttributes {
        let own = OwnNames::get();
        if self.failed == Failed::Yes {
            self.attributes.text(&own.error_type, "error");
        }
        let agent = self.names.as_ref().and_then(|names| names.get(Name::Agent as usize)?.as_deref());
        if let Some(agent) = agent.filter(|_| kind != Kind::Agent) {
            self.attributes.text(&own.agent_name, agent);
        }
        self.attributes
    }

    /// Returns the attributes by name.
    pub(crate) fn attributes(&self) -> serde_json::Map<String, Value> {
        self.attributes.to_map()
    }

    pub(crate) fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// Annotates a span with the fields that are not attributes.
    pub(crate) fn annotate(&self, note: &mut Annotation) {
        for (meaning, value) in &self.notes {
            match meaning {
                Meaning::Tag(name) => drop(note.tag(*name, label(value))),
                Meaning::Cancelled => drop(note.tag("cancelled", "true")),
                Meaning::Metric(name) => {
                    if let Value::Number(number) = value {
                        note.metric(*name, number);
                    }
                }
                Meaning::Metadata(name) => drop(note.metadata(*name, value)),
                Meaning::Given(given) => {
                    let value = json(value);
                    match given {
                        Given::Input => note.input(value),
                        Given::Output => note.output(value),
                        Given::Request => note.request(value),
                        Given::Response => note.response(value),
                    };
                }
                _ => {}
            }
        }
    }
}

/// Returns a text, or the text of a number.
fn label(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}

/// Returns the value of a JSON text. Any other value is unchanged.
fn json(value: &Value) -> Cow<'_, Value> {
    let json = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    json.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Reads the fields of a span or an event.
pub(crate) struct Reader<'a> {
    recorded: &'a mut Recorded,
    /// The callsite of the fields.
    callsite: &'static Callsite,
    capture: Capture,
    formats: Formats,
}

/// Which values are read: all, or those that no code of the program has to format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formats {
    All,
    /// Whether values were left out.
    None(bool),
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        recorded: &'a mut Recorded,
        callsite: &'static Callsite,
        capture: Capture,
        formats: Formats,
    ) -> Self {
        Self { recorded, callsite, capture, formats }
    }

    /// Returns whether values were left out because code of the program has to format them.
    pub(crate) fn has_formatted(&self) -> bool {
        self.formats == Formats::None(true)
    }

    /// Returns what a field means, or `None` if it is ignored.
    #[inline]
    fn field(&self, field: &Field) -> Option<&'static FieldOf> {
        self.callsite.fields.get(field.index()).filter(|field| !matches!(field.meaning, Meaning::Nothing))
    }

    /// Reads a number or a boolean.
    #[inline]
    fn plain(&mut self, field: &Field, value: impl fmt::Display + Into<Value>) {
        let Some(FieldOf { meaning, name, is_usage }) = self.field(field) else { return };
        match *meaning {
            Meaning::Attribute(_) | Meaning::Content(_) => {
                self.recorded.has_usage |= is_usage;
                self.recorded.attributes.value(name, value);
            }
            meaning @ (Meaning::Metric(_) | Meaning::Metadata(_)) => {
                self.recorded.set_note(meaning, value.into());
            }
            _ => self.text(field, &value.to_string()),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        let Some(FieldOf { meaning, name, is_usage }) = self.field(field) else { return };
        // An empty text has no meaning, and replaces no other.
        if text.is_empty() {
            return;
        }
        let text = &*short(text, self.capture.limit);
        let shows_content = self.capture.shows_content;
        let recorded = &mut *self.recorded;
        match *meaning {
            Meaning::Attribute(_) => {
                recorded.has_usage |= is_usage;
                recorded.attributes.text(name, text);
            }
            Meaning::Content(_) => {
                if shows_content {
                    recorded.attributes.text(name, text);
                }
            }
            Meaning::Failure(kind) => {
                if kind != "otel.status_code" || text.eq_ignore_ascii_case("error") {
                    recorded.failed = Failed::Described;
                }
                recorded.attributes.text(name, text);
            }
            Meaning::FailureText(_) if shows_content => {
                recorded.failed = Failed::Described;
                recorded.attributes.text(name, text);
            }
            Meaning::FailureText(_) => recorded.failed = recorded.failed.max(Failed::Yes),
            Meaning::Operation(_, vocabulary) => {
                if let kind @ Some(_) = vocabulary.kind(text) {
                    recorded.describes = true;
                    recorded.kind = kind;
                }
                recorded.attributes.text(name, text);
            }
            // The name that rig gives to agents without a name.
            Meaning::Name(Name::Agent) if text == "Unnamed Agent" => {}
            Meaning::Name(name) => {
                recorded.describes = true;
                recorded.set_name(name as usize, text.to_owned());
            }
            Meaning::Session => {
                recorded.describes = true;
                recorded.session_id = Some(text.to_owned());
            }
            Meaning::Metric(_) => {
                if let Ok(number) = text.parse::<Number>() {
                    recorded.set_note(*meaning, number.into());
                }
            }
            Meaning::Cancelled => {
                if text == "true" {
                    recorded.set_note(*meaning, true.into());
                }
            }
            Meaning::Tag(_) => recorded.set_note(*meaning, text.into()),
            Meaning::Metadata(_) | Meaning::Given(_) => {
                if shows_content {
                    recorded.set_note(*meaning, text.into());
                }
            }
            Meaning::Nothing => {}
        }
    }

    fn formatted(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let Some(FieldOf { meaning, .. }) = self.field(field) else { return };
        if let Formats::None(has_formatted) = &mut self.formats {
            *has_formatted = true;
        } else if let Some(text) = guarded(|| plain(value, self.capture.limit)) {
            match meaning {
                Meaning::Content(_) | Meaning::FailureText(_) | Meaning::Given(_) => {
                    self.text(field, &unquoted(&text));
                }
                _ => self.text(field, &unquoted(some(&text))),
            }
        }
    }
}

/// Returns the value of an option that was formatted by `Debug`. Other texts are unchanged.
fn some(text: &str) -> &str {
    match text {
        "None" => "",
        text => text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text),
    }
}

/// Returns a string that was formatted by `Debug`. Other texts are unchanged.
fn unquoted(text: &str) -> Cow<'_, str> {
    let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let string = is_quoted.then(|| serde_json::from_str(text).ok()).flatten();
    string.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Returns a text of at most about `limit` bytes. JSON stays JSON.
#[inline]
fn short(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    shortened_json(text, limit).unwrap_or_else(|| shortened(text, limit)).into()
}

impl Visit for Reader<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other numbers.
        if value.is_finite() {
            self.plain(field, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => self.plain(field, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match self.field(field) {
            Some(FieldOf { meaning: Meaning::Attribute(_), name, is_usage }) => {
                self.recorded.has_usage |= is_usage;
                self.recorded.attributes.count(name, value);
            }
            _ => self.plain(field, value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_limited_in_memory() {
        let text = "a".repeat(5000);
        for text in [text.clone(), format!(r#"["{text}"]"#)] {
            assert!(short(&text, 1024).len() < 1100);
        }
    }

    #[test]
    fn repeated_fields_of_parts_are_limited_in_memory() {
        let mut step = Recorded::default();
        for id in ["s-1", "s-2"] {
            let mut part = Recorded { session_id: Some(id.to_owned()), ..Recorded::default() };
            part.set_note(Meaning::Tag("tier"), id.into());
            step.add(part);
        }
        assert_eq!(step.session_id(), Some("s-2"));
        assert_eq!(step.notes, [(Meaning::Tag("tier"), Value::from("s-2"))]);
    }
}
