//! The tags of a span: those of the configuration, those that every span has, and those of the program.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::kind::Kind;

/// The version that events carry.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the configuration says about every span of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) env: String,
    pub(crate) service: String,
    pub(crate) version: String,
    /// Further tags for every span, overridden by all others.
    pub(crate) tags: BTreeMap<String, String>,
    /// Tags about the repository and the commit that the program was built from.
    pub(crate) git: BTreeMap<String, String>,
}

/// What tags tell about the place of a span.
pub(crate) struct About<'a> {
    pub(crate) kind: Kind,
    pub(crate) ml_app: &'a str,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) attribute: bool,
}

impl Identity {
    /// All tags of a span but those that tell whether it failed. Later ones override earlier ones of the same key.
    pub(crate) fn tags(&self, about: &About<'_>, facts: &Facts) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        let mut put = |key: &str, value: &str| tags.insert(key.to_owned(), value.to_owned());
        put("version", &self.version);
        put("env", &self.env);
        put("service", &self.service);
        put("source", "integration");
        put("ml_app", about.ml_app);
        put("agent_service", about.ml_app);
        put("ddtrace.version", VERSION);
        put("language", "rust");
        tags.extend(self.git.clone());
        let mut put = |key: &str, value: &str| tags.insert(key.to_owned(), value.to_owned());
        if let Some(session_id) = about.session_id {
            put("session_id", session_id);
        }
        if about.attribute {
            put("decorator", "1");
        }
        if let Some(version) = facts.agent_version().filter(|_| about.kind == Kind::Agent) {
            put("agent_version", version);
        }
        tags.extend(facts.tags.iter().map(|(key, value)| (key.clone(), value.clone())));
        tags
    }
}
