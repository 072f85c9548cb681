//! The libraries whose spans have names and fields of their own, as data.

use llmobs_runtime::Kind;
use tracing_core::Metadata;

use crate::meaning::Meaning;

/// A library, by the targets of its spans.
#[derive(Debug)]
pub(crate) struct Library {
    /// The name of the integration.
    pub(crate) name: &'static str,
    /// How the targets of its spans begin: names of crates.
    targets: &'static [&'static str],
    rules: &'static [Rule],
}

/// What spans or events of a library are, where no convention says it.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Which ones. A name that ends with `*` is the beginning of several.
    name: &'static str,
    /// How their target begins. Empty for all of the library.
    target: &'static str,
    /// A field that they have. Empty for any.
    field: &'static str,
    kind: Option<Kind>,
    /// What fields mean that have names of their own.
    fields: &'static [(&'static str, Meaning)],
}

impl Library {
    /// The library of a target.
    pub(crate) fn of(target: &str) -> Option<&'static Self> {
        LIBRARIES.iter().find(|library| library.targets.iter().any(|prefix| is_in(target, prefix)))
    }

    /// The rule for a span or an event.
    pub(crate) fn rule(&self, metadata: &Metadata<'_>) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.is_for(metadata))
    }
}

impl Rule {
    fn is_for(&self, metadata: &Metadata<'_>) -> bool {
        let is_named = match self.name.strip_suffix('*') {
            Some(beginning) => metadata.name().starts_with(beginning),
            None => metadata.name() == self.name,
        };
        is_named
            && is_in(metadata.target(), self.target)
            && (self.field.is_empty() || metadata.fields().field(self.field).is_some())
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// What a field means, where its name is not one of a convention.
    pub(crate) fn meaning(&self, name: &str) -> Option<Meaning> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, meaning)| *meaning)
    }
}

/// Whether a target is a module, or one inside of it.
fn is_in(target: &str, module: &str) -> bool {
    target
        .strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || module.is_empty() || rest.starts_with("::"))
}

/// Whether a span is the request of a web server, the steps inside of which belong together.
pub(crate) fn is_request(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && metadata.name() == "request"
        && is_in(metadata.target(), "tower_http::trace::make_span")
}

const LIBRARIES: &[Library] = &[
    Library { name: "rig", targets: &["rig", "rig_core", "rig_agent"], rules: RIG },
    Library { name: "genai", targets: &["genai"], rules: &[] },
];

const RIG: &[Rule] = &[Rule {
    name: "chat",
    target: "rig_agent::agent::completion",
    field: "agent_name",
    kind: Some(Kind::Agent),
    fields: &[("agent_name", Meaning::Name(crate::meaning::Name::Agent))],
}];
