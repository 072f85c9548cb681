//! Where spans and events come from in a program: what the layer makes of them, worked out once for each place.

use std::sync::OnceLock;

use llmobs_runtime::Kind;
use tracing_core::Metadata;
use tracing_core::callsite::Identifier;

use crate::libraries::{Library, Rule};
use crate::meaning::{Meaning, is_mark};

/// What the layer makes of the spans or events of one place.
#[derive(Debug)]
pub(crate) struct Callsite {
    /// The library, as the name of the integration.
    pub(crate) library: &'static str,
    /// The name of the span.
    pub(crate) name: &'static str,
    /// The kind, where no field says it.
    pub(crate) kind: Kind,
    /// What the fields mean, in their order.
    pub(crate) meanings: Box<[Meaning]>,
}

/// A callsite in a list, which only ever grows. `None` is for a place that is nothing to the layer.
struct Node {
    id: Identifier,
    callsite: Option<Callsite>,
    next: OnceLock<Box<Self>>,
}

/// The lists, by hash. Reading takes no lock.
static NODES: [OnceLock<Box<Node>>; 256] = [const { OnceLock::new() }; 256];

/// What the layer makes of a span or an event. `None` if it is nothing to it.
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

impl Callsite {
    fn of(metadata: &Metadata<'_>) -> Option<Self> {
        let library = Library::of(metadata.target());
        let rule = library.and_then(|library| library.rule(metadata));
        let names: Vec<_> = metadata.fields().iter().map(|field| field.name()).collect();
        let is_step =
            if metadata.is_span() { names.iter().any(|name| is_mark(name)) } else { is_error(metadata) };
        if rule.is_none() && !is_step {
            return None;
        }
        let meaning = |name: &'static str| {
            rule.and_then(|rule| rule.meaning(name)).unwrap_or_else(|| Meaning::of(name))
        };
        Some(Self {
            library: library.map_or("tracing", |library| library.name),
            name: metadata.name(),
            kind: rule.and_then(Rule::kind).unwrap_or_else(|| likely_kind(&names)),
            meanings: names.into_iter().map(meaning).collect(),
        })
    }
}

/// The kind of a span with these fields, until one of them says it.
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

/// Whether an event is the error of a function with `#[tracing::instrument(err)]`.
fn is_error(metadata: &Metadata<'_>) -> bool {
    *metadata.level() == tracing_core::Level::ERROR
        && metadata.fields().len() == 1
        && metadata.fields().iter().all(|field| field.name() == "error")
}
