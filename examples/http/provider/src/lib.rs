//! The provider of models for the examples: the one that the environment sets, or else one on this machine.

use std::env;

use llmobs_local_provider::LocalProvider;

/// A provider of models. A provider on this machine answers until this is dropped.
#[derive(Debug)]
pub struct Provider {
    pub url: String,
    pub key: String,
    pub model: String,
    _local: Option<LocalProvider>,
}

impl Provider {
    /// `OPENAI_API_KEY`, `OPENAI_BASE_URL` with `/v1` at its end, `OPENAI_MODEL`.
    pub fn openai() -> Self {
        Self::from_env("OPENAI", "https://api.openai.com", "/v1", "gpt-4o-mini")
    }

    /// `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`, `ANTHROPIC_MODEL`.
    pub fn anthropic() -> Self {
        Self::from_env("ANTHROPIC", "https://api.anthropic.com", "", "claude-haiku-4-5")
    }

    fn from_env(prefix: &str, origin: &str, path: &str, model: &str) -> Self {
        let variable = |name| env::var(format!("{prefix}_{name}")).ok().filter(|value| !value.is_empty());
        let (key, url) = (variable("API_KEY"), variable("BASE_URL"));
        let local = (key.is_none() && url.is_none()).then(|| {
            eprintln!("{prefix}_API_KEY is not set, so a provider on this machine answers");
            LocalProvider::start()
        });
        let origin = local.as_ref().map_or(origin, LocalProvider::url);
        Self {
            url: url.unwrap_or_else(|| format!("{origin}{path}")),
            key: key.unwrap_or_else(|| "local-key".to_owned()),
            model: variable("MODEL").unwrap_or_else(|| model.to_owned()),
            _local: local,
        }
    }
}
