//! The results of tools, as spans show them.

use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::Value;

use crate::observed::View;

/// The error type of a tool whose result is marked as an error.
const TOOL_ERROR: &str = "ToolError";
/// The message of Datadog's SDKs if the result is shown as the output.
const FAILED: &str = "tool resulted in an error";

/// A result in the form of Datadog's SDKs, with its other data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    content: &'a [ContentBlock],
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a Value>,
    is_error: bool,
}

/// The outcome of a tool call.
pub(crate) trait ToolOutcome {
    /// Returns the final result, or `None` if there is none yet.
    fn result(&self) -> Option<&CallToolResult>;
    /// Shows what there is instead of a final result.
    fn show_other(&self, view: &View);
}

impl ToolOutcome for CallToolResult {
    fn result(&self) -> Option<&CallToolResult> {
        Some(self)
    }

    fn show_other(&self, _: &View) {}
}

impl ToolOutcome for CallToolResponse {
    fn result(&self) -> Option<&CallToolResult> {
        if let Self::Complete(result) = self { Some(result) } else { None }
    }

    fn show_other(&self, view: &View) {
        match self {
            Self::InputRequired(result) => view.output(result),
            Self::Task(result) => view.output(result),
            _ => {}
        }
    }
}

/// Shows the outcome on the span of a client. The error message is the text of the result.
pub(crate) fn show_at_client(outcome: &impl ToolOutcome, view: &View) {
    show(outcome, view, |result| {
        let texts = result.content.iter().filter_map(ContentBlock::as_text);
        texts.map(|text| text.text.as_str()).find(|text| !text.is_empty()).unwrap_or(FAILED)
    });
}

/// Shows the outcome on the span of a server.
pub(crate) fn show_at_server(outcome: &impl ToolOutcome, view: &View) {
    show(outcome, view, |_| FAILED);
}

fn show(outcome: &impl ToolOutcome, view: &View, error: impl FnOnce(&CallToolResult) -> &str) {
    let Some(result) = outcome.result() else { return outcome.show_other(view) };
    let is_error = result.is_error == Some(true);
    view.output(Shown {
        content: &result.content,
        structured_content: result.structured_content.as_ref(),
        is_error,
    });
    if is_error {
        view.failure(TOOL_ERROR, error(result));
    }
}
