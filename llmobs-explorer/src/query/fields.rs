//! The fields of queries: the meaning of each path, and the comparison of its values.

use super::QueryError;
use super::condition::{Category, Field, Kind, Measure, Part, Source, Sum};
use super::number::Unit;

impl Field {
    /// Returns the field of a path after `@`.
    pub(super) fn attribute(path: &str, child: bool, column: usize) -> Result<Self, QueryError> {
        let (source, kind) = source(path, column)?;
        let name = if child { format!("@child.@{path}") } else { format!("@{path}") };
        Ok(Self { name, child, source, kind })
    }

    /// Returns the field of a key without `@`.
    pub(super) fn tag(key: String, column: usize) -> Result<Self, QueryError> {
        let (source, kind) = match key.as_str() {
            "tags" => (Source::Tags, Kind::Text),
            "_exists_" | "_missing_" => {
                let minus = if key == "_missing_" { "-" } else { "" };
                return Err(QueryError::new(
                    column,
                    format!("`{key}` is not part of this syntax"),
                    format!("write `{minus}@path:*`"),
                ));
            }
            reserved if is_reserved(reserved) => source(reserved, column)?,
            tag => (Source::Attribute(format!("{TAG}{tag}")), Kind::Tag),
        };
        Ok(Self { name: key, child: false, source, kind })
    }

    /// Returns the field of a key without `@`, for other spans of the trace.
    pub(super) fn child_tag(key: String, column: usize) -> Result<Self, QueryError> {
        let field = Self::tag(key, column)?;
        Ok(Self { name: format!("@child.{}", field.name), child: true, ..field })
    }
}

/// Whether the key is not a tag.
pub(super) fn is_reserved(key: &str) -> bool {
    RESERVED.contains(&key)
}

/// The prefix of the paths of tags.
pub(crate) const TAG: &str = "tag.";

/// Returns the way in which values of this path are compared.
pub(super) fn kind(path: &str) -> Option<Kind> {
    source(path, 1).ok().map(|(_, kind)| kind)
}

const RESERVED: [&str; 9] =
    ["env", "service", "status", "trace_id", "span_id", "timestamp", "tags", "_exists_", "_missing_"];

const SPAN: [(&str, Measure, Unit); 3] = [
    ("duration", Measure::Duration, Unit::Nanoseconds),
    ("start_ns", Measure::Start, Unit::Plain),
    ("timestamp", Measure::Start, Unit::Time),
];

/// The metrics that are measures and not attributes of spans.
pub(crate) const METRICS: [(&str, Measure); 5] = [
    ("metrics.cache_read_input_tokens", Measure::CachedTokens),
    ("metrics.input_tokens", Measure::InputTokens),
    ("metrics.output_tokens", Measure::OutputTokens),
    (TIME_TO_FIRST_TOKEN, Measure::TimeToFirstToken),
    ("metrics.total_tokens", Measure::TotalTokens),
];

const TIME_TO_FIRST_TOKEN: &str = "metrics.time_to_first_token";

/// The paths that lists count by value, in the order of pages.
pub(crate) const FACETS: [(&str, Category); 9] = [
    ("status", Category::Status),
    ("meta.span.kind", Category::Kind),
    ("name", Category::Name),
    ("ml_app", Category::MlApp),
    ("service", Category::Service),
    ("env", Category::Env),
    ("meta.model_name", Category::ModelName),
    ("meta.model_provider", Category::ModelProvider),
    ("meta.error.type", Category::ErrorType),
];

/// Datadog's own evaluations and links from its older pages have one of these prefixes before the label.
pub(super) const LABEL_PREFIXES: [&str; 2] = ["custom.", "external."];

const TRACE: [(&str, Sum); 7] = [
    ("total_tokens", Sum::TotalTokens),
    ("input_tokens", Sum::InputTokens),
    ("output_tokens", Sum::OutputTokens),
    ("llm_calls", Sum::LlmCalls),
    ("tool_calls", Sum::ToolCalls),
    ("number_of_tools", Sum::Tools),
    ("number_of_errors", Sum::Errors),
];

fn source(path: &str, column: usize) -> Result<(Source, Kind), QueryError> {
    if let Some((_, measure, unit)) = SPAN.iter().find(|(known, ..)| *known == path) {
        return Ok((Source::Measure(*measure), Kind::Number(*unit)));
    }
    if let Some((_, measure)) = METRICS.iter().find(|(known, _)| *known == path) {
        let unit = if path == TIME_TO_FIRST_TOKEN { Unit::Seconds } else { Unit::Plain };
        return Ok((Source::Measure(*measure), Kind::Number(unit)));
    }
    if let Some((_, category)) = FACETS.iter().find(|(known, _)| *known == path) {
        return Ok((Source::Category(*category), Kind::Text));
    }
    if let Some(path) = path.strip_prefix("trace.") {
        return trace(path, column);
    }
    if let Some(rest) = path.strip_prefix("feedback.") {
        return evaluation(true, rest, path, column);
    }
    if let Some(rest) = path.strip_prefix("evaluation.").or_else(|| path.strip_prefix("evaluations.")) {
        let label = LABEL_PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix)).unwrap_or(rest);
        return evaluation(false, label, path, column);
    }
    Ok(match path {
        "span_id" => (Source::SpanId, Kind::Id),
        "trace_id" => (Source::TraceId, Kind::Id),
        "parent_id" => (Source::Parent, Kind::Id),
        "session_id" => (Source::Session, Kind::Text),
        path => (Source::Attribute(path.to_owned()), attribute(path)),
    })
}

fn attribute(path: &str) -> Kind {
    if path.starts_with(TAG) {
        Kind::Tag
    } else if path.starts_with("metrics.estimated_") && path.ends_with("_cost") {
        Kind::Either(Unit::Cost)
    } else {
        Kind::Either(Unit::Plain)
    }
}

fn trace(name: &str, column: usize) -> Result<(Source, Kind), QueryError> {
    if let Some((_, sum)) = TRACE.iter().find(|(known, _)| *known == name) {
        return Ok((Source::Sum(*sum), Kind::Number(Unit::Plain)));
    }
    if name.starts_with("estimated_") {
        return Err(QueryError::new(
            column,
            "the costs of traces are not supported",
            "write `@metrics.estimated_total_cost` for the costs of spans",
        ));
    }
    let known: Vec<String> = TRACE.iter().map(|(known, _)| format!("`@trace.{known}`")).collect();
    Err(QueryError::new(
        column,
        format!("there is no `@trace.{name}`"),
        format!("write one of {}", known.join(", ")),
    ))
}

fn evaluation(feedback: bool, rest: &str, path: &str, column: usize) -> Result<(Source, Kind), QueryError> {
    let (label, part) = match rest.rsplit_once('.') {
        Some((label, "assessment")) => (label, Part::Assessment),
        Some((label, "reasoning")) => (label, Part::Reasoning),
        Some((label, "value")) => (label, Part::Value),
        _ => (rest, Part::Value),
    };
    if label.is_empty() {
        return Err(QueryError::new(
            column,
            format!("`@{path}` has no label"),
            "write the label, such as `@evaluation.faithfulness.value`",
        ));
    }
    let kind = if part == Part::Value { Kind::Either(Unit::Plain) } else { Kind::Text };
    Ok((Source::Evaluation { feedback, label: label.to_owned(), part }, kind))
}
