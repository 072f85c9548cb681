//! The callsites of spans and events, with what the layer makes of them, computed once for each.

use std::sync::{LazyLock, OnceLock};

use llmobs_runtime::Kind;
use llmobs_runtime::integration::AttributeName;
use tracing_core::Metadata;
use tracing_core::callsite::Identifier;

use crate::libraries::{Library, Role, Rule};
use crate::meaning::{self, Meaning, is_mark};

/// What the layer makes of the spans or events of one callsite.
#[derive(Debug)]
pub(crate) struct Callsite {
    /// The library, as the name of the integration.
    pub(crate) library: &'static str,
    /// The name of the span.
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// The kind, unless a field sets it.
    pub(crate) kind: Kind,
    /// The fields, in order.
    pub(crate) fields: Box<[FieldOf]>,
    /// Whether fields have tokens.
    pub(crate) has_usage: bool,
}

/// A field of the spans or events of one callsite.
#[derive(Debug)]
pub(crate) struct FieldOf {
    pub(crate) meaning: Meaning,
    /// The name of the attribute, if it is one.
    pub(crate) name: AttributeName,
    /// Whether it is a number of tokens, or a cost.
    pub(crate) is_usage: bool,
}

/// The names of attributes that no field has.
pub(crate) struct OwnNames {
    pub(crate) agent_name: AttributeName,
    pub(crate) error_type: AttributeName,
}

/// A callsite in a list, which only ever grows. `None` is for a callsite that the layer ignores.
struct Node {
    id: Identifier,
    callsite: Option<Callsite>,
    next: OnceLock<Box<Self>>,
}

/// The lists, by hash. Reading takes no lock.
static NODES: [OnceLock<Box<Node>>; 256] = [const { OnceLock::new() }; 256];

/// Returns what the layer makes of a span or an event, or `None` if it ignores it.
pub(crate) fn find(metadata: &Metadata<'_>) -> Option<&'static Callsite> {
    let id = metadata.callsite();
    let hash = (metadata.name().as_ptr() as usize >> 3) ^ metadata.line().unwrap_or(0) as usize;
    let mut slot = NODES.get(hash % NODES.len())?;
    loop {
        let node = slot.get_or_init(|| {
            Box::new(Node { id: id.clone(), callsite: Callsite::of(metadata), next: OnceLock::new() })
        });
        if node.id == id {
            return node.callsite.as_ref();
        }
        slot = &node.next;
    }
}

impl OwnNames {
    pub(crate) fn get() -> &'static Self {
        static NAMES: LazyLock<OwnNames> = LazyLock::new(|| OwnNames {
            agent_name: AttributeName::new("gen_ai.agent.name"),
            error_type: AttributeName::new("error.type"),
        });
        &NAMES
    }
}

impl Callsite {
    fn of(metadata: &Metadata<'_>) -> Option<Self> {
        let library = Library::of(metadata.target());
        let own = library.and_then(|library| library.rule(metadata));
        let names: Vec<_> = metadata.fields().iter().map(|field| field.name()).collect();
        let role = own.map_or_else(|| likely_role(metadata, &names), Rule::role);
        let is_read_in_events =
            matches!(role, Role::Part | Role::PartOfCall | Role::Failure | Role::Evaluation);
        if role == Role::Nothing || metadata.is_event() && !is_read_in_events {
            return None;
        }
        let kind = if let Role::Step(Some(kind)) = role { kind } else { likely_kind(&names) };
        let of_rule = |name: &str| own.and_then(|rule| rule.meaning(name));
        let meaning = |name: &'static str| match name {
            "error" if metadata.is_event() => Meaning::FailureText("error.message"),
            name => of_rule(name).unwrap_or_else(|| Meaning::of(name)),
        };
        let field = |name: &'static str| {
            let meaning = meaning(name);
            let name = AttributeName::new(meaning.attribute().unwrap_or_default());
            FieldOf { meaning, name, is_usage: meaning.is_usage() }
        };
        let fields: Box<[_]> = names.into_iter().map(field).collect();
        Some(Self {
            has_usage: fields.iter().any(|field| field.is_usage),
            library: library.map_or("tracing", |library| library.name),
            name: metadata.name(),
            role,
            kind,
            fields,
        })
    }

    /// Returns whether spans or events of this callsite are wanted. Others are read only if another layer wants them.
    pub(crate) fn is_wanted(&self) -> bool {
        matches!(self.role, Role::Step(_) | Role::Part | Role::PartOfCall | Role::Failure | Role::Evaluation)
    }
}

/// Returns the role of a span or an event without a rule of its library.
fn likely_role(metadata: &Metadata<'_>, names: &[&str]) -> Role {
    if meaning::are_of_evaluation(names) {
        Role::Evaluation
    } else if metadata.is_event() && is_error(metadata) {
        Role::Failure
    } else if metadata.is_event() && names.iter().any(|name| is_event_field(name)) {
        Role::Part
    } else if metadata.is_span() && names.iter().any(|name| is_mark(name)) {
        Role::Step(None)
    } else {
        Role::Nothing
    }
}

/// Returns whether an event with this field describes the surrounding step.
fn is_event_field(name: &str) -> bool {
    name.starts_with("gen_ai.") || matches!(name, "exception.type" | "exception.message" | "langfuse.model")
}

/// Returns the kind of a span with these fields, until one of them sets it.
fn likely_kind(names: &[&str]) -> Kind {
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
    if has(&["gen_ai.tool.name", "gen_ai.tool.call.id"]) {
        Kind::Tool
    } else if has(&["gen_ai.embeddings.dimension.count"]) {
        Kind::Embedding
    } else if has(&["gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "llm.request.type"]) {
        Kind::Llm
    } else if has(&["gen_ai.agent.name", "gen_ai.agent.id"]) {
        Kind::Agent
    } else {
        Kind::Workflow
    }
}

/// Returns whether an event is the error of a function with `#[tracing::instrument(err)]`.
fn is_error(metadata: &Metadata<'_>) -> bool {
    *metadata.level() == tracing_core::Level::ERROR
        && metadata.fields().len() == 1
        && metadata.fields().iter().all(|field| field.name() == "error")
}
