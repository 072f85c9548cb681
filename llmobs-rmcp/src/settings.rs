//! Settings: those of the environment, overridden by the program.

use llmobs_capture::warn_limited;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whether spans show arguments, results and errors. `None` uses the setting of the llmobs client.
    pub(crate) content: Option<bool>,
    /// Whether the context of a trace is written to requests, and read from them.
    pub(crate) distributed_tracing: bool,
    /// Whether models are asked why they call a tool.
    pub(crate) intent: bool,
}

impl Settings {
    pub(crate) fn from_env() -> Self {
        Self {
            content: None,
            distributed_tracing: flag("DD_MCP_DISTRIBUTED_TRACING").unwrap_or(true),
            intent: flag("DD_MCP_CAPTURE_INTENT").unwrap_or(false),
        }
    }
}

/// Reads a flag. A value that is neither true nor false counts as false, as in the reference SDK.
fn flag(name: &str) -> Option<bool> {
    let text = std::env::var(name).ok()?.trim().to_ascii_lowercase();
    match text.as_str() {
        "" => None,
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => {
            warn_limited!("{name} counts as false: it should be true, 1, false or 0");
            Some(false)
        }
    }
}
