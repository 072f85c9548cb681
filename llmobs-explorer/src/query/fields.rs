//! The fields of queries: which column, attribute or evaluation each path means, and how its values are compared.

use super::QueryError;
use super::number::Unit;

/// The field of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// The text in the query, for messages.
    pub(super) name: String,
    /// Whether the filter is for other spans of the trace.
    pub(super) child: bool,
    pub(super) place: Source,
    pub(super) kind: Kind,
}

/// Where the values of a field are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// A column of the span.
    Span(&'static str),
    /// A column of the span that has few values.
    Facet(&'static str),
    /// The id of the span.
    SpanId,
    /// A column of its trace.
    Trace(&'static str),
    /// The parent, which has several values for none.
    Parent,
    /// The session.
    Session,
    /// The attributes of this path.
    Attribute(String),
    /// All tags, as `key:value`, or `key` where the value is empty.
    Tags,
    /// A column of the evaluations or the feedback with this label.
    Evaluation { feedback: bool, label: String, column: &'static str },
}

/// How its values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts, which have no order.
    Text,
    /// Ids, in any form of them.
    Id,
    /// Texts; those that are numbers have an order. `1.10` and `1.1` are two tags.
    Tag,
    /// Texts and numbers. A number in the query is compared as one, unless it is quoted.
    Either(Unit),
    /// Numbers.
    Number(Unit),
}

impl Field {
    /// The field of a path after `@`.
    pub(super) fn attribute(path: &str, child: bool, column: usize) -> Result<Self, QueryError> {
        let (place, kind) = place(path, column)?;
        let name = if child { format!("@child.@{path}") } else { format!("@{path}") };
        Ok(Self { name, child, place, kind })
    }

    /// The kind of the span.
    pub(super) fn kind_of_span() -> Self {
        Self {
            name: "@meta.span.kind".to_owned(),
            child: false,
            place: Source::Facet("kind"),
            kind: Kind::Text,
        }
    }

    /// The field of a key without `@`.
    pub(super) fn tag(key: String, column: usize) -> Result<Self, QueryError> {
        let (place, kind) = match key.as_str() {
            "tags" => (Source::Tags, Kind::Text),
            "_exists_" | "_missing_" => {
                let minus = if key == "_missing_" { "-" } else { "" };
                return Err(QueryError::new(
                    column,
                    format!("`{key}` belongs to another syntax"),
                    format!("write `{minus}@path:*`"),
                ));
            }
            reserved if is_reserved(reserved) => place(reserved, column)?,
            tag => (Source::Attribute(format!("{TAG}{tag}")), Kind::Tag),
        };
        Ok(Self { name: key, child: false, place, kind })
    }

    /// The field of a key without `@`, of other spans of the trace.
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
pub(super) const TAG: &str = "tag.";

/// How values of this path are compared.
pub(super) fn kind(path: &str) -> Option<Kind> {
    place(path, 1).ok().map(|(_, kind)| kind)
}

const RESERVED: [&str; 9] =
    ["env", "service", "status", "trace_id", "span_id", "timestamp", "tags", "_exists_", "_missing_"];

const SPAN: [(&str, &str, Unit); 3] = [
    ("duration", "duration_ns", Unit::Nanoseconds),
    ("start_ns", "start_ns", Unit::Plain),
    ("timestamp", "start_ns", Unit::Time),
];

/// The metrics that are columns of spans, and not among their attributes.
pub(crate) const METRICS: [(&str, &str); 5] = [
    ("metrics.cache_read_input_tokens", "cached_tokens"),
    ("metrics.input_tokens", "input_tokens"),
    ("metrics.output_tokens", "output_tokens"),
    (TIME_TO_FIRST_TOKEN, "time_to_first_token"),
    ("metrics.total_tokens", "total_tokens"),
];

const TIME_TO_FIRST_TOKEN: &str = "metrics.time_to_first_token";

/// The paths whose values are in the table `facets`, with their columns, in the order in which pages show them.
pub(crate) const FACETS: [(&str, &str); 9] = [
    ("status", "status"),
    ("meta.span.kind", "kind"),
    ("name", "name"),
    ("ml_app", "ml_app"),
    ("service", "service"),
    ("env", "env"),
    ("meta.model_name", "model_name"),
    ("meta.model_provider", "model_provider"),
    ("meta.error.type", "error_type"),
];

const TRACE: [(&str, &str); 7] = [
    ("total_tokens", "total_tokens"),
    ("input_tokens", "input_tokens"),
    ("output_tokens", "output_tokens"),
    ("llm_calls", "llm_calls"),
    ("tool_calls", "tool_calls"),
    ("number_of_tools", "tools"),
    ("number_of_errors", "errors"),
];

fn place(path: &str, column: usize) -> Result<(Source, Kind), QueryError> {
    if let Some((_, name, unit)) = SPAN.iter().find(|(known, ..)| *known == path) {
        return Ok((Source::Span(name), Kind::Number(*unit)));
    }
    if let Some((_, name)) = METRICS.iter().find(|(known, _)| *known == path) {
        let unit = if path == TIME_TO_FIRST_TOKEN { Unit::Seconds } else { Unit::Plain };
        return Ok((Source::Span(name), Kind::Number(unit)));
    }
    if let Some((_, name)) = FACETS.iter().find(|(known, _)| *known == path) {
        return Ok((Source::Facet(name), Kind::Text));
    }
    if let Some(path) = path.strip_prefix("trace.") {
        return trace(path, column);
    }
    if let Some(rest) = path.strip_prefix("feedback.") {
        return evaluation(true, rest, path, column);
    }
    if let Some(rest) = path.strip_prefix("evaluation.").or_else(|| path.strip_prefix("evaluations.")) {
        // Datadog's own evaluations, and links of its older pages, have one of these prefixes before the label.
        let label = rest.strip_prefix("external.").or_else(|| rest.strip_prefix("custom.")).unwrap_or(rest);
        return evaluation(false, label, path, column);
    }
    Ok(match path {
        "span_id" => (Source::SpanId, Kind::Id),
        "trace_id" => (Source::Trace("trace_id"), Kind::Id),
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
    if let Some((_, name)) = TRACE.iter().find(|(known, _)| *known == name) {
        return Ok((Source::Trace(name), Kind::Number(Unit::Plain)));
    }
    if name.starts_with("estimated_") {
        return Err(QueryError::new(
            column,
            "the costs of whole traces are not known yet",
            "write `@metrics.estimated_total_cost` for those of spans",
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
    let (label, name) = match rest.rsplit_once('.') {
        Some((label, "assessment")) => (label, "assessment"),
        Some((label, "reasoning")) => (label, "reasoning"),
        Some((label, "value")) => (label, "value"),
        _ => (rest, "value"),
    };
    if label.is_empty() {
        return Err(QueryError::new(
            column,
            format!("`@{path}` names no label"),
            "write what was judged, such as `@evaluation.faithfulness.value`",
        ));
    }
    let kind = if name == "value" { Kind::Either(Unit::Plain) } else { Kind::Text };
    Ok((Source::Evaluation { feedback, label: label.to_owned(), column: name }, kind))
}
