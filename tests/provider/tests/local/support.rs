//! A plain HTTP client.

use std::sync::LazyLock;

use llmobs_local_provider::LocalProvider;
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

static AGENT: LazyLock<Agent> =
    LazyLock::new(|| Agent::config_builder().http_status_as_error(false).build().new_agent());

/// The path of each protocol with a conversation.
pub(crate) const CONVERSATIONS: [&str; 3] = ["/v1/chat/completions", "/v1/responses", "/v1/messages"];

pub(crate) fn post(provider: &LocalProvider, path: &str, body: &Value) -> Response<Body> {
    let request = AGENT.post(format!("{}{path}", provider.url()));
    let request = request.header("x-api-key", "none").header("anthropic-version", "2023-06-01");
    request.send(body.to_string()).expect("headers of an answer")
}

/// The status and the JSON of an answer.
pub(crate) fn whole(provider: &LocalProvider, path: &str, body: &Value) -> (u16, Value) {
    let mut response = post(provider, path, body);
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.body_mut().read_to_string().expect("a whole body");
    (response.status().as_u16(), serde_json::from_str(&text).expect("JSON"))
}

/// The events of a stream. The names must be the types. Data that is not JSON becomes a text.
pub(crate) fn streamed(provider: &LocalProvider, path: &str, body: &Value) -> Vec<Value> {
    let mut response = post(provider, path, body);
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let text = response.body_mut().read_to_string().expect("a whole stream");
    let frames = text.strip_suffix("\n\n").expect("a whole frame").split("\n\n");
    let event = |frame: &str| {
        let (name, data) = match frame.split_once('\n') {
            Some((name, data)) => (name.strip_prefix("event: "), data),
            None => (None, frame),
        };
        let data = data.strip_prefix("data: ").expect("data");
        let event = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
        assert_eq!(event["type"].as_str(), name, "{frame}");
        event
    };
    frames.map(event).collect()
}

/// A request of a protocol with a system prompt `Be brief.`
pub(crate) fn request(path: &str, model: &str, question: &str) -> Value {
    let (system, user) =
        (json!({"role": "system", "content": "Be brief."}), json!({"role": "user", "content": question}));
    match path {
        "/v1/chat/completions" => json!({"model": model, "messages": [system, user]}),
        "/v1/responses" => json!({"model": model, "instructions": "Be brief.", "input": question}),
        _ => json!({"model": model, "max_tokens": 100, "system": "Be brief.", "messages": [user]}),
    }
}

/// The same request, with a tool to look up the weather and one to add.
pub(crate) fn with_tools(path: &str, mut request: Value) -> Value {
    let numbers = json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}});
    let place = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "kelvin"]}},
        "required": ["city"],
    });
    let tools = [("add", "Adds numbers", numbers), ("get_weather", "The weather of a place", place)];
    request["tools"] = tools
        .into_iter()
        .map(|(name, description, schema)| match path {
            "/v1/chat/completions" => json!({
                "type": "function",
                "function": {"name": name, "description": description, "parameters": schema},
            }),
            "/v1/responses" => {
                json!({"type": "function", "name": name, "description": description, "parameters": schema})
            }
            _ => json!({"name": name, "description": description, "input_schema": schema}),
        })
        .collect();
    request
}

/// The same request, as a stream with usage.
pub(crate) fn as_stream(path: &str, mut request: Value) -> Value {
    request["stream"] = json!(true);
    if path == "/v1/chat/completions" {
        request["stream_options"] = json!({"include_usage": true});
    }
    request
}
