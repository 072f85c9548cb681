//! A simple and slow evaluator of conditions on spans in memory.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use crate::query::{
    Category, Condition, Field, Glyph, Interval, Measure, Number, Part, Source, Sum, TAG, Test,
};
use crate::span::{Attribute, Evaluation, Span, Target};

/// The spans and evaluations of a store in the order of arrival.
#[derive(Debug)]
pub(super) struct Evaluator {
    pub(super) spans: Vec<Span>,
    pub(super) evaluations: Vec<Evaluation>,
}

impl Evaluator {
    /// Whether a span meets a condition.
    pub(super) fn meets(&self, span: &Span, condition: &Condition) -> bool {
        match condition {
            Condition::Everything => true,
            Condition::And(nodes) => nodes.iter().all(|node| self.meets(span, node)),
            Condition::Or(nodes) => nodes.iter().any(|node| self.meets(span, node)),
            Condition::Not(node) => !self.meets(span, node),
            Condition::Words { words, prefix } => has_words(span, words, *prefix),
            Condition::Filter(field, test) if field.child => self
                .trace(&span.trace_id)
                .any(|other| !self.is_head(other) && self.passes(other, field, test)),
            Condition::Filter(field, test) => self.passes(span, field, test),
        }
    }

    /// Whether a span represents its trace in lists: the earliest root, or else the earliest span whose parent is missing.
    pub(super) fn is_head(&self, span: &Span) -> bool {
        let ids: HashSet<&str> = self.trace(&span.trace_id).map(|span| span.span_id.as_str()).collect();
        let head = self.trace(&span.trace_id).min_by_key(|span| {
            let is_below = span.parent_id.as_deref().is_some_and(|parent| ids.contains(parent));
            (span.parent_id.is_some(), is_below, span.start_ns)
        });
        head.is_some_and(|head| head.span_id == span.span_id)
    }

    fn trace<'a>(&'a self, trace_id: &'a str) -> impl Iterator<Item = &'a Span> {
        self.spans.iter().filter(move |span| span.trace_id == trace_id)
    }

    fn passes(&self, span: &Span, field: &Field, test: &Test) -> bool {
        match &field.source {
            Source::Measure(of) => is_number(measure(span, *of), test),
            Source::Category(of) => is_text(category(span, *of), test),
            Source::SpanId => is_text(Some(&span.span_id), test),
            Source::TraceId => is_text(Some(&span.trace_id), test),
            Source::Sum(of) => is_number(self.sum(&span.trace_id, *of).map(Number::Integer), test),
            Source::Parent => match test {
                Test::Equals(id) if ["", "0", "undefined", "null"].contains(&id.as_str()) => {
                    span.parent_id.is_none()
                }
                test => is_text(span.parent_id.as_deref(), test),
            },
            Source::Session => is_text(span.session_id.as_deref(), test),
            Source::Attribute(path) => span
                .attributes
                .iter()
                .any(|one| one.path == *path && is_value(Some(&one.text), one.number, test)),
            Source::Tags => span.attributes.iter().any(|one| is_tag(one, test)),
            Source::Evaluation { feedback, label, part } => self.evaluations.iter().any(|one| {
                let value = match part {
                    Part::Value => Some(one.value.as_str()),
                    Part::Assessment => one.assessment.as_deref(),
                    Part::Reasoning => one.reasoning.as_deref(),
                };
                one.feedback == *feedback
                    && one.label == *label
                    && is_value(value, one.number, test)
                    && is_about(one, span)
            }),
        }
    }

    /// Only model calls and embeddings count tokens.
    fn sum(&self, trace_id: &str, sum: Sum) -> Option<i64> {
        let tokens = |of: fn(&Span) -> Option<i64>| {
            let spans = self.trace(trace_id).filter(|span| matches!(span.kind.as_str(), "llm" | "embedding"));
            spans.filter_map(of).reduce(|sum, more| sum + more)
        };
        let count =
            |is: fn(&Span) -> bool| i64::try_from(self.trace(trace_id).filter(|span| is(span)).count()).ok();
        match sum {
            Sum::InputTokens => tokens(|span| span.tokens.input),
            Sum::OutputTokens => tokens(|span| span.tokens.output),
            Sum::TotalTokens => tokens(|span| span.tokens.total),
            Sum::LlmCalls => count(|span| span.kind == "llm"),
            Sum::ToolCalls => count(|span| span.kind == "tool"),
            Sum::Errors => count(|span| span.failed),
            Sum::Tools => {
                let tools = self.trace(trace_id).filter(|span| span.kind == "tool").map(|span| &span.name);
                i64::try_from(tools.collect::<BTreeSet<_>>().len()).ok()
            }
        }
    }
}

fn measure(span: &Span, measure: Measure) -> Option<Number> {
    let integer = match measure {
        Measure::Start => Some(span.start_ns),
        Measure::Duration => Some(span.duration_ns),
        Measure::InputTokens => span.tokens.input,
        Measure::OutputTokens => span.tokens.output,
        Measure::TotalTokens => span.tokens.total,
        Measure::CachedTokens => span.tokens.cached,
        Measure::TimeToFirstToken => return span.time_to_first_token.map(Number::Real),
    };
    integer.map(Number::Integer)
}

fn category(span: &Span, category: Category) -> Option<&str> {
    match category {
        Category::Status => Some(if span.failed { "error" } else { "ok" }),
        Category::Kind => Some(&span.kind),
        Category::Name => Some(&span.name),
        Category::MlApp => span.ml_app.as_deref(),
        Category::Service => span.service.as_deref(),
        Category::Env => span.env.as_deref(),
        Category::ModelName => span.model_name.as_deref(),
        Category::ModelProvider => span.model_provider.as_deref(),
        Category::ErrorType => span.error_type.as_deref(),
    }
}

fn is_about(evaluation: &Evaluation, span: &Span) -> bool {
    match &evaluation.target {
        Target::Span { trace_id, span_id } => {
            span.span_id == *span_id && trace_id.as_ref().is_none_or(|trace_id| span.trace_id == *trace_id)
        }
        Target::Trace(trace_id) => span.trace_id == *trace_id,
        Target::Session(session_id) => span.session_id.as_ref() == Some(session_id),
        Target::Tag { key, value } => {
            span.attributes.iter().any(|one| one.path == format!("{TAG}{key}") && one.text == *value)
        }
    }
}

fn is_tag(Attribute { path, text: value, .. }: &Attribute, test: &Test) -> bool {
    let Some(key) = path.strip_prefix(TAG) else { return false };
    match test {
        Test::Equals(tag) => tag.split_once(':').unwrap_or((tag, "")) == (key, value),
        test if value.is_empty() => is_text(Some(key), test),
        test => is_text(Some(&format!("{key}:{value}")), test),
    }
}

fn is_text(value: Option<&str>, test: &Test) -> bool {
    match test {
        Test::Equals(expected) if expected.is_empty() => value.is_none_or(str::is_empty),
        test => is_value(value, None, test),
    }
}

fn is_number(number: Option<Number>, test: &Test) -> bool {
    number.is_some_and(|number| match test {
        Test::Within(interval) => is_within(number, interval),
        Test::Exists => true,
        Test::Equals(_) | Test::Like(_) | Test::Same(..) => panic!("{test:?} of {number:?}"),
    })
}

fn is_value(value: Option<&str>, number: Option<f64>, test: &Test) -> bool {
    let Some(value) = value else { return false };
    match test {
        Test::Exists => true,
        Test::Equals(expected) => value == expected,
        Test::Like(pattern) => is_like(&value.chars().collect::<Vec<_>>(), pattern.glyphs()),
        Test::Same(expected, same) => {
            value == expected
                || number.is_some_and(|number| order(Number::Real(number), *same) == Ordering::Equal)
        }
        Test::Within(interval) => number.is_some_and(|number| is_within(Number::Real(number), interval)),
    }
}

fn is_like(text: &[char], glyphs: &[Glyph]) -> bool {
    match (glyphs.split_first(), text.split_first()) {
        (None, letter) => letter.is_none(),
        (Some((Glyph::Any, glyphs)), _) => (0..=text.len()).any(|from| is_like(&text[from..], glyphs)),
        (Some((Glyph::One, glyphs)), Some((_, behind))) => is_like(behind, glyphs),
        (Some((Glyph::Is(is), glyphs)), Some((letter, behind))) => is == letter && is_like(behind, glyphs),
        (Some(_), None) => false,
    }
}

fn is_within(number: Number, Interval { low, high }: &Interval) -> bool {
    let is = |end: &Bound<Number>, beyond: Ordering| match end {
        Bound::Unbounded => true,
        Bound::Included(end) => [beyond, Ordering::Equal].contains(&order(number, *end)),
        Bound::Excluded(end) => order(number, *end) == beyond,
    };
    is(low, Ordering::Greater) && is(high, Ordering::Less)
}

#[expect(clippy::cast_precision_loss, reason = "times are compared as integers")]
fn order(one: Number, other: Number) -> Ordering {
    let float = |number| match number {
        Number::Integer(number) => number as f64,
        Number::Real(number) => number,
    };
    match (one, other) {
        (Number::Integer(one), Number::Integer(other)) => one.cmp(&other),
        (one, other) => float(one).total_cmp(&float(other)),
    }
}

/// Whether a text of the span has these words one after another.
fn has_words(span: &Span, words: &str, prefix: bool) -> bool {
    let expected = split_words(words);
    let texts = span.long_texts.iter().chain([&span.short_texts]);
    !expected.is_empty()
        && texts.map(|text| split_words(text)).any(|words| {
            words.windows(expected.len()).any(|words| {
                let (last, before) = (expected.len() - 1, expected.len() - usize::from(prefix));
                words[..before] == expected[..before] && words[last].starts_with(&expected[last])
            })
        })
}

/// Splits a text into words in lower case, without punctuation of these tests.
fn split_words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('ö', "o").replace('ü', "u");
    let words = plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
