//! The parts that the endpoints of OpenAI share.

pub(crate) mod chat;
pub(crate) mod embeddings;
pub(crate) mod responses;

use serde_json::{Value, json};

use crate::reply::{Exchange, Failure};

/// The creation time of all answers: 2026-11-01.
const CREATED: u64 = 1_793_491_200;

/// The status and the body of a failure.
pub(crate) fn failure(failure: &Failure, exchange: &Exchange) -> (u16, Value) {
    let invalid = "invalid_request_error";
    let (status, message, kind, param, code) = match failure {
        Failure::NoEndpoint => (404, format!("Invalid URL ({})", exchange.endpoint), invalid, None, None),
        Failure::NotJson => {
            let hint = "(HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API \
                expects a JSON payload, but what was sent was not valid JSON.)";
            (400, format!("We could not parse the JSON body of your request. {hint}"), invalid, None, None)
        }
        Failure::Missing("model") => {
            (400, "you must provide a model parameter".to_owned(), invalid, None, None)
        }
        Failure::Missing(field) => {
            let message = format!("Missing required parameter: '{field}'.");
            (400, message, invalid, Some(*field), Some("missing_required_parameter"))
        }
        Failure::TooLong => {
            let message = "This model's maximum context length is 8192 tokens. However, your messages resulted in \
                9000 tokens. Please reduce the length of the messages.";
            (400, message.to_owned(), invalid, Some("messages"), Some("context_length_exceeded"))
        }
        Failure::WrongKey | Failure::MissingHeader(_) => {
            let message = "Incorrect API key provided: local-key. You can find your API key at \
                https://platform.openai.com/account/api-keys.";
            (401, message.to_owned(), invalid, None, Some("invalid_api_key"))
        }
        Failure::RateLimit => {
            let model = exchange.request["model"].as_str().unwrap_or_default();
            let message = format!(
                "Rate limit reached for {model} in organization org-local on requests per min (RPM): \
                    Limit 3, Used 3, Requested 1. Please try again in 1ms. Visit \
                    https://platform.openai.com/account/rate-limits to learn more."
            );
            (429, message, "requests", None, Some("rate_limit_exceeded"))
        }
        Failure::Internal => {
            let id = exchange.id("req");
            let message = format!(
                "The server had an error while processing your request. Sorry about that! You can \
                    retry your request, or contact us through our help center at help.openai.com if the \
                    error persists. (Please include the request ID {id} in your message.)"
            );
            (500, message, "server_error", None, None)
        }
        Failure::Overloaded => (503, OVERLOADED.to_owned(), "server_error", None, None),
    };
    (status, json!({"error": {"message": message, "type": kind, "param": param, "code": code}}))
}

const OVERLOADED: &str = "The server is currently overloaded with other requests. Sorry about that! You can retry your \
    request, or contact us through our help center at help.openai.com if the error persists.";
