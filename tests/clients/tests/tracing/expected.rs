//! The expected spans of calls to the local provider.

use serde_json::{Value, json};

use crate::run::{RESULT, SYSTEM, TOOL, USER};

/// A span as it is sent, the first of its trace.
pub(crate) struct Expected(Value);

/// A span of this kind and name without other data.
pub(crate) fn span(kind: &str, name: &str, library: &str) -> Expected {
    Expected(json!({
        "trace_id": "T1",
        "span_id": "S1",
        "parent_id": "undefined",
        "name": name,
        "start_ns": 0,
        "duration": 0,
        "status": "ok",
        "metrics": {},
        "tags": [
            "agent_service:test-app",
            "ddtrace.version:<v>",
            "env:",
            "error:0",
            format!("integration:{library}"),
            "language:<lang>",
            "ml_app:test-app",
            "service:",
            "source:integration",
            "version:",
        ],
        "_dd": { "span_id": "S1", "trace_id": "A1", "apm_trace_id": "A1", "sample_rate": "1", "sampling_decision": "1" },
        "meta": { "span": { "kind": kind }, "metadata": {} },
    }))
}

impl Expected {
    /// The span with this number, a child of an agent, which is the first span.
    pub(crate) fn inside(mut self, number: u32, agent: &str) -> Self {
        let id = format!("S{number}");
        self.0["_dd"]["span_id"] = json!(id);
        self.0["span_id"] = json!(id);
        self.0["parent_id"] = json!("S1");
        self.0["meta"]["agent_attribution"] = json!({ "pagent_span_id": "S1", "pagent_name": agent });
        self
    }

    pub(crate) fn meta(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0["meta"][field] = value.into();
        self
    }

    pub(crate) fn metadata(self, metadata: Value) -> Self {
        self.meta("metadata", metadata)
    }

    /// The model that was called, with OpenAI as its provider.
    pub(crate) fn model(self, name: &str) -> Self {
        self.meta("model_name", name).meta("model_provider", "openai")
    }

    pub(crate) fn asked(self, messages: Value) -> Self {
        self.meta("input", json!({ "messages": messages }))
    }

    pub(crate) fn answered(self, message: Value) -> Self {
        self.meta("output", json!({ "messages": [message] }))
    }

    pub(crate) fn input(self, text: &str) -> Self {
        self.meta("input", json!({ "value": text }))
    }

    pub(crate) fn output(self, text: &str) -> Self {
        self.meta("output", json!({ "value": text }))
    }

    pub(crate) fn metrics(mut self, metrics: Value) -> Self {
        self.0["metrics"] = metrics;
        self
    }

    /// Adds the time to the first token if this is a stream.
    pub(crate) fn first_token(mut self, is_stream: bool) -> Self {
        if is_stream {
            self.0["metrics"]["time_to_first_token"] = json!("<seconds>");
        }
        self
    }

    pub(crate) fn error(mut self, kind: &str, message: &str) -> Self {
        self.0["status"] = json!("error");
        let tags = self.0["tags"].as_array_mut().unwrap();
        tags.retain(|tag| tag != "error:0");
        self.tag("error:1")
            .tag(&format!("error_type:{kind}"))
            .meta("error", json!({ "type": kind, "message": message, "stack": "<stack>" }))
    }

    pub(crate) fn tag(mut self, tag: &str) -> Self {
        let tags = self.0["tags"].as_array_mut().unwrap();
        tags.push(json!(tag));
        tags.sort_by_key(|tag| tag.as_str().unwrap().to_owned());
        self
    }

    pub(crate) fn event(self) -> Value {
        self.0
    }
}

/// The messages of the question.
pub(crate) fn question() -> Value {
    json!([{ "role": "system", "content": SYSTEM }, { "role": "user", "content": USER }])
}

/// The call of the tool, with the library's name for its type.
pub(crate) fn call(kind: &str) -> Value {
    let call = json!({ "name": TOOL.0, "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": kind });
    json!({ "role": "assistant", "content": "", "tool_calls": [call] })
}

/// The messages of the question with the result of the tool.
pub(crate) fn question_with_result(call_kind: &str, result_kind: Option<&str>) -> Value {
    let mut result = json!({ "result": RESULT, "tool_id": "call_1" });
    if let Some(kind) = result_kind {
        result["type"] = json!(kind);
    }
    let mut messages = question();
    let tool_message = json!({ "role": "tool", "content": "", "tool_results": [result] });
    messages.as_array_mut().unwrap().extend([call(call_kind), tool_message]);
    messages
}

/// An answer with a text.
pub(crate) fn text_message(text: &str) -> Value {
    json!({ "role": "assistant", "content": text })
}

/// Tokens of a call. Two of the input are cached: those of the system prompt.
pub(crate) fn counted(input: u64, output: u64) -> Value {
    json!({
        "cache_read_input_tokens": 2,
        "input_tokens": input,
        "output_tokens": output,
        "total_tokens": input + output,
    })
}

/// The messages of the question, as the collector draws them.
pub(crate) const ASKED: &str = "in system: Be brief. | user: What is the weather in Paris?";
/// The call of the tool, as the collector draws it.
pub(crate) const CALLED: &str = r#"call weather({"city":"Paris"})"#;

/// Indents a tree: `first` precedes its first line, `rest` the other lines.
pub(crate) fn indented(tree: &str, first: &str, rest: &str) -> String {
    let lines = tree.lines().enumerate();
    lines.map(|(number, line)| format!("{}{line}\n", if number == 0 { first } else { rest })).collect()
}
