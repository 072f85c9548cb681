//! The tags of a span: those of the client, and those of the span itself.

use std::collections::BTreeMap;

use super::annotation::Annotation;
use super::inherited::Inherited;
use crate::base::kind::Kind;

/// The version that events hold.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The tags that the configuration sets for every span of a client.
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

/// The sources of the tags of a span besides annotations.
pub(crate) struct About<'a> {
    pub(crate) kind: Kind,
    /// The application of the client.
    pub(crate) ml_app: &'a str,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) inherited: &'a Inherited,
    pub(crate) attribute: bool,
}

impl Identity {
    /// Returns all tags of a span except those about its failure. Later ones override earlier ones of the same key.
    pub(crate) fn tags(&self, about: &About<'_>, annotation: &Annotation) -> BTreeMap<String, String> {
        let mut tags = self.constant(about.inherited.ml_app.as_deref().unwrap_or(about.ml_app));
        let mut put = |key: &str, value: &str| tags.insert(key.to_owned(), value.to_owned());
        if let Some(session_id) = about.session_id {
            put("session_id", session_id);
        }
        if about.attribute {
            put("decorator", "1");
        }
        if let Some(version) = annotation.agent_version().filter(|_| about.kind == Kind::Agent) {
            put("agent_version", version);
        }
        tags.extend(annotation.tags.iter().map(|(key, value)| (key.clone(), value.clone())));
        tags
    }

    /// Returns the tags that all spans of an application have.
    pub(crate) fn constant(&self, ml_app: &str) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        let mut put = |key: &str, value: &str| tags.insert(key.to_owned(), value.to_owned());
        put("version", &self.version);
        put("env", &self.env);
        put("service", &self.service);
        put("source", "integration");
        put("ml_app", ml_app);
        put("agent_service", ml_app);
        put("ddtrace.version", VERSION);
        put("language", "rust");
        tags.extend(self.git.clone());
        tags
    }
}
