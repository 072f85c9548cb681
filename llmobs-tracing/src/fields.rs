//! What the fields of a span say.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Debug};

use llmobs_capture::guard::guarded;
use llmobs_capture::text::{plain, shortened};
use llmobs_providers::shortened_json;
use llmobs_runtime::integration::Capture;
use llmobs_runtime::{Annotation, Kind};
use serde_json::{Number, Value};
use tracing_core::Field;
use tracing_core::field::Visit;

use crate::callsite::Callsite;
use crate::meaning::{Given, Meaning, Name};

/// What the fields of a span said so far.
pub(crate) struct Said {
    callsite: &'static Callsite,
    /// The value of each field of the span. `Null` is for one that said nothing yet.
    own: Vec<Value>,
    /// What the fields of other spans and of events said about it.
    parts: Vec<(Meaning, Value)>,
    /// Whether the step failed.
    has_failed: bool,
    /// Whether the kind, a name or the session was said since this was asked last.
    describes: bool,
}

impl Said {
    pub(crate) fn new(callsite: &'static Callsite) -> Self {
        let own = vec![Value::Null; callsite.meanings.len()];
        Self { callsite, own, parts: Vec::new(), has_failed: false, describes: false }
    }

    /// What was said, the latest last.
    fn all(&self) -> impl DoubleEndedIterator<Item = (Meaning, &Value)> {
        let own = self.callsite.meanings.iter().copied().zip(&self.own);
        let parts = self.parts.iter().map(|(meaning, value)| (*meaning, value));
        own.chain(parts).filter(|(_, value)| !value.is_null())
    }

    /// The text that was said last with this meaning.
    fn text(&self, meaning: Meaning) -> Option<&str> {
        self.all().rev().find(|(found, _)| *found == meaning)?.1.as_str()
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        let is_named =
            |meaning| matches!(meaning, Meaning::Attribute(found) | Meaning::Content(found) if found == name);
        self.all().rev().find(|(meaning, _)| is_named(*meaning)).map(|(_, value)| value)
    }

    /// Adds what fields say later, of the same span or of a part.
    pub(crate) fn add(&mut self, later: Self) {
        let is_own = std::ptr::eq(self.callsite, later.callsite);
        let own = later.callsite.meanings.iter().copied().zip(later.own).enumerate();
        for (index, (meaning, value)) in own.filter(|(_, (_, value))| !value.is_null()) {
            match self.own.get_mut(index).filter(|_| is_own) {
                Some(slot) => *slot = value,
                None => self.put_part(meaning, value),
            }
        }
        self.has_failed |= later.has_failed;
        self.describes |= later.describes;
    }

    /// Sets what a part says, in place of what one said before.
    fn put_part(&mut self, meaning: Meaning, value: Value) {
        match self.parts.iter_mut().find(|(found, _)| *found == meaning) {
            Some((_, slot)) => *slot = value,
            None => self.parts.push((meaning, value)),
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether the kind, a name or the session was said since this was asked last.
    pub(crate) fn describes(&mut self) -> bool {
        std::mem::take(&mut self.describes)
    }

    /// The kind of the step.
    pub(crate) fn kind(&self) -> Kind {
        let kind = |(meaning, value): (Meaning, &Value)| match meaning {
            Meaning::Operation(_, vocabulary) => vocabulary.kind(value.as_str()?),
            _ => None,
        };
        self.all().rev().find_map(kind).unwrap_or(self.callsite.kind)
    }

    /// The name of a step of a kind.
    pub(crate) fn name(&self, kind: Kind) -> Option<&str> {
        if !self.callsite.has_names && self.parts.is_empty() {
            return None;
        }
        let preferred = match kind {
            Kind::Agent => Name::Agent,
            Kind::Tool => Name::Tool,
            Kind::Workflow | Kind::Task => Name::Workflow,
            _ => Name::Own,
        };
        let names = [Name::Own, preferred, Name::Entity, Name::Span];
        let name = names.into_iter().find_map(|name| self.text(Meaning::Name(name)))?;
        let tool = if kind == Kind::Tool { name.strip_prefix("tool.") } else { None };
        Some(tool.unwrap_or(name))
    }

    pub(crate) fn session_id(&self) -> Option<&str> {
        if self.callsite.has_session || !self.parts.is_empty() { self.text(Meaning::Session) } else { None }
    }

    /// Whether tokens are among what can be said of the step.
    pub(crate) fn has_usage(&self) -> bool {
        self.callsite.has_usage || self.parts.iter().any(|(meaning, _)| meaning.is_usage())
    }

    /// The attributes of a step of a kind, and whether something was said besides. The tokens of a step that is no call of a model are
    /// left out if they are those of calls inside.
    pub(crate) fn take_attributes(
        &mut self,
        kind: Kind,
        has_counted_calls: bool,
    ) -> (Vec<(&'static str, Value)>, bool) {
        let is_model = matches!(kind, Kind::Llm | Kind::Embedding);
        let mut attributes = Vec::with_capacity(self.own.len() + self.parts.len());
        let (mut has_notes, mut says_error) = (false, false);
        let own = self.callsite.meanings.iter().copied().zip(&mut self.own);
        let parts = self.parts.iter_mut().map(|(meaning, value)| (*meaning, value));
        for (meaning, value) in own.chain(parts).filter(|(_, value)| !value.is_null()) {
            match meaning {
                Meaning::Failure(name) | Meaning::FailureText(name) => {
                    says_error = true;
                    attributes.push((name, value.take()));
                }
                Meaning::Attribute(name) | Meaning::Content(name) | Meaning::Operation(name, _) => {
                    if is_model || !has_counted_calls || !meaning.is_usage() {
                        attributes.push((name, value.take()));
                    }
                }
                Meaning::Name(Name::Agent) if kind != Kind::Agent => {
                    attributes.push(("gen_ai.agent.name", value.take()));
                }
                Meaning::Name(_) | Meaning::Session => {}
                _ => has_notes = true,
            }
        }
        if self.has_failed && !says_error {
            attributes.push(("error.type", "error".into()));
        }
        (attributes, has_notes)
    }

    /// Puts what is no attribute on a span.
    pub(crate) fn annotate(&self, note: &mut Annotation) {
        for (meaning, value) in self.all() {
            match meaning {
                Meaning::Tag(name) => drop(note.tag(name, label(value))),
                Meaning::Cancelled => drop(note.tag("cancelled", "true")),
                Meaning::Metric(name) => {
                    if let Value::Number(number) = value {
                        note.metric(name, number);
                    }
                }
                Meaning::Metadata(name) => drop(note.metadata(name, value)),
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

/// A text, or the text of a number.
fn label(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}

/// The value of a JSON text. Any other value is as it is.
fn json(value: &Value) -> Cow<'_, Value> {
    let json = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    json.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Reads the fields of a span or an event.
pub(crate) struct Reader<'a> {
    said: &'a mut Said,
    /// The place of the fields, if they are not those of the span itself.
    part: Option<&'static Callsite>,
    capture: Capture,
    formats: Formats,
}

/// Which values are read: all, or those that no code of the program has to format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formats {
    All,
    /// Whether there are such values.
    None(bool),
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        said: &'a mut Said,
        callsite: &'static Callsite,
        capture: Capture,
        formats: Formats,
    ) -> Self {
        let part = (!std::ptr::eq(said.callsite, callsite)).then_some(callsite);
        Self { said, part, capture, formats }
    }

    /// Whether values were left out that code of the program has to format.
    pub(crate) fn has_formatted(&self) -> bool {
        self.formats == Formats::None(true)
    }

    fn meaning(&self, field: &Field) -> Meaning {
        let callsite = self.part.unwrap_or(self.said.callsite);
        callsite.meanings.get(field.index()).copied().unwrap_or(Meaning::Nothing)
    }

    /// Sets what a field says, in place of what it said before.
    fn put(&mut self, field: &Field, meaning: Meaning, value: Value) {
        if self.part.is_none() {
            if let Some(slot) = self.said.own.get_mut(field.index()) {
                *slot = value;
            }
            return;
        }
        self.said.put_part(meaning, value);
    }

    /// A number, or true or false.
    fn plain(&mut self, field: &Field, value: Value) {
        match self.meaning(field) {
            Meaning::Nothing => {}
            Meaning::Attribute(name) | Meaning::Content(name) => {
                self.put(field, Meaning::Attribute(name), value);
            }
            meaning @ (Meaning::Metric(_) | Meaning::Metadata(_)) => self.put(field, meaning, value),
            _ => self.text(field, &value.to_string()),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        let meaning = self.meaning(field);
        // An empty text says nothing, and takes no other's place.
        if text.is_empty() || meaning == Meaning::Nothing {
            return;
        }
        let short = |reader: &Self| Value::from(short(text, reader.capture.limit));
        let shows_content = self.capture.shows_content;
        match meaning {
            Meaning::Attribute(_) => self.put(field, meaning, short(self)),
            Meaning::Failure(name) => {
                self.said.has_failed |= name != "otel.status_code" || text.eq_ignore_ascii_case("error");
                self.put(field, meaning, short(self));
            }
            Meaning::FailureText(_) => {
                self.said.has_failed = true;
                if shows_content {
                    self.put(field, meaning, short(self));
                }
            }
            Meaning::Content(_) | Meaning::Metadata(_) | Meaning::Given(_) => {
                if shows_content {
                    self.put(field, meaning, short(self));
                }
            }
            Meaning::Metric(_) => {
                if let Ok(number) = text.parse::<Number>() {
                    self.put(field, meaning, number.into());
                }
            }
            Meaning::Cancelled => {
                if text == "true" {
                    self.put(field, meaning, true.into());
                }
            }
            // What rig calls agents that have no name.
            Meaning::Name(Name::Agent) if text == "Unnamed Agent" => {}
            _ => {
                self.said.describes |= !matches!(meaning, Meaning::Tag(_));
                self.put(field, meaning, short(self));
            }
        }
    }

    fn formatted(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let meaning = self.meaning(field);
        if let Formats::None(has_formatted) = &mut self.formats {
            *has_formatted |= meaning != Meaning::Nothing;
        } else if meaning != Meaning::Nothing
            && let Some(text) = guarded(|| plain(value, self.capture.limit))
        {
            match meaning {
                Meaning::Content(_) | Meaning::FailureText(_) | Meaning::Given(_) => {
                    self.text(field, &unquoted(&text));
                }
                _ => self.text(field, &unquoted(some(&text))),
            }
        }
    }
}

/// The value of an option that was formatted by `Debug`. Other texts are as they are.
fn some(text: &str) -> &str {
    match text {
        "None" => "",
        text => text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text),
    }
}

/// A string that was formatted by `Debug`. Other texts are as they are.
fn unquoted(text: &str) -> Cow<'_, str> {
    let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let string = is_quoted.then(|| serde_json::from_str(text).ok()).flatten();
    string.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A text of at most about `limit` bytes. JSON stays JSON.
fn short(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    shortened_json(text, limit).unwrap_or_else(|| shortened(text, limit))
}

impl Visit for Reader<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value.into());
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
    use crate::libraries::Role;

    #[test]
    fn long_texts_take_no_more_memory_than_the_limit() {
        let text = "a".repeat(5000);
        for text in [text.clone(), format!(r#"["{text}"]"#)] {
            assert!(short(&text, 1024).len() < 1100);
        }
    }

    #[test]
    fn what_parts_say_again_takes_no_more_memory() {
        let callsite = |role| -> &'static Callsite {
            Box::leak(Box::new(Callsite {
                library: "tracing",
                name: "",
                role,
                kind: Kind::Llm,
                meanings: Box::new([Meaning::Session]),
                has_names: false,
                has_session: true,
                has_usage: false,
            }))
        };
        let mut step = Said::new(callsite(Role::Step(None)));
        for id in ["s-1", "s-2"] {
            let mut part = Said::new(callsite(Role::Part));
            part.own = vec![id.into()];
            step.add(part);
        }
        assert_eq!(step.parts, [(Meaning::Session, Value::from("s-2"))]);
    }
}
