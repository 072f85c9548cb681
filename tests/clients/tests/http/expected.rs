//! The expected spans of calls to the local provider.

use serde_json::{Value, json};

use crate::clients::Client;
use crate::question::{CALL, Protocol, Question, RESULT, SYSTEM, TOOL, USER};

/// The answer to a question without tools: eight words.
pub(crate) const ANSWER: &str = "You said: What is the weather in Paris?";
/// The answer to the result of the tool: five words.
pub(crate) const ANSWER_TO_RESULT: &str = "The result is: 21 degrees";
/// The reasoning of a model about the question: nine words.
pub(crate) const THOUGHT: &str = "The user said: What is the weather in Paris?";

impl Protocol {
    /// The names of the span and of the integration.
    pub(crate) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Chat => ("OpenAI.createChatCompletion", "openai"),
            Self::Responses => ("OpenAI.createResponse", "openai"),
            Self::Anthropic => ("anthropic.request", "anthropic"),
        }
    }

    /// A span as the collector draws it.
    pub(crate) fn line(self, rest: &str) -> String {
        format!("llm {}  in system: {SYSTEM} | user: {USER}  {rest}\n", self.names().0)
    }

    /// The text in the first half of the events of a stream.
    pub(crate) const fn half(self) -> &'static str {
        match self {
            Self::Chat => "You said: What is the",
            Self::Responses | Self::Anthropic => "You said: What is",
        }
    }

    /// The error of a response with this status.
    pub(crate) fn error(self, status: u16) -> (&'static str, &'static str) {
        match (self, status) {
            (Self::Anthropic, 400) => {
                ("invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum")
            }
            (Self::Anthropic, 401) => ("authentication_error", "invalid x-api-key"),
            (Self::Anthropic, _) => ("overloaded_error", "Overloaded"),
            (_, 400) => (
                "invalid_request_error",
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please \
                 reduce the length of the messages.",
            ),
            (_, 401) => (
                "invalid_request_error",
                "Incorrect API key provided: local-key. You can find your API key at https://platform.openai.com/account/api-keys.",
            ),
            _ => (
                "server_error",
                "The server is currently overloaded with other requests. Sorry about that! You can retry your request, or contact us \
                 through our help center at help.openai.com if the error persists.",
            ),
        }
    }

    /// The error of a rate limit, for the model `flaky`.
    pub(crate) const fn refusal(self) -> &'static str {
        match self {
            Self::Anthropic => {
                "rate_limit_error: This request would exceed your organization's rate limit of 3 requests per minute. For details, \
                 refer to: https://docs.claude.com/en/api/rate-limits."
            }
            _ => {
                "requests: Rate limit reached for flaky in organization org-local on requests per min (RPM): Limit 3, Used 3, \
                 Requested 1. Please try again in 1ms. Visit https://platform.openai.com/account/rate-limits to learn more."
            }
        }
    }

    /// Tokens as this protocol counts them. Two of the input are cached: those of the system prompt.
    pub(crate) fn metrics(self, input: u64, reasoning: u64, output: u64) -> Value {
        let mut metrics = json!({
            "cache_read_input_tokens": 2,
            "input_tokens": input,
            "output_tokens": output,
            "total_tokens": input + output,
        });
        match self {
            Self::Chat => {
                metrics["audio_input_tokens"] = json!(0);
                metrics["audio_output_tokens"] = json!(0);
            }
            Self::Responses => {}
            Self::Anthropic => {
                metrics["cache_write_input_tokens"] = json!(0);
                metrics["ephemeral_1h_input_tokens"] = json!(0);
                metrics["ephemeral_5m_input_tokens"] = json!(0);
            }
        }
        // Anthropic omits thoughts if there are none.
        if self != Self::Anthropic || reasoning > 0 {
            metrics["reasoning_output_tokens"] = json!(reasoning);
        }
        metrics
    }
}

/// The span of a call as it is sent, the only one of its trace.
pub(crate) struct Expected {
    protocol: Protocol,
    is_stream: bool,
    event: Value,
}

impl Expected {
    /// The span of a call that has not been answered.
    pub(crate) fn of<C: Client>(question: &Question, is_stream: bool) -> Self {
        let protocol = C::PROTOCOL;
        let (name, integration) = protocol.names();
        let mut meta = json!({
            "span": { "kind": "llm" },
            "metadata": C::parameters(question, is_stream),
            "model_name": question.model,
            "model_provider": integration,
            "input": { "messages": input(protocol, question) },
        });
        if question.with_tool {
            meta["tool_definitions"] =
                json!([{ "name": TOOL.0, "description": TOOL.1, "schema": Question::schema() }]);
        }
        let event = json!({
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
                format!("integration:{integration}"),
                "language:<lang>",
                "ml_app:test-app",
                "service:",
                "source:integration",
                "version:",
            ],
            "_dd": { "span_id": "S1", "trace_id": "A1", "apm_trace_id": "A1", "sample_rate": "1", "sampling_decision": "1" },
            "meta": meta,
        });
        Self { protocol, is_stream, event }
    }

    /// The model has started to answer.
    pub(crate) fn partial_answer(mut self, text: &str) -> Self {
        let model = self.event["meta"]["model_name"].as_str().unwrap();
        self.event["meta"]["model_name"] = json!(format!("{model}-2026-11-01"));
        let (id, tier) = match self.protocol {
            Protocol::Chat => ("chatcmpl-1", "default"),
            Protocol::Responses => ("resp_1", "default"),
            Protocol::Anthropic => ("msg_1", "standard"),
        };
        let metadata = &mut self.event["meta"]["metadata"];
        metadata["response_id"] = json!(id);
        metadata["service_tier"] = json!(tier);
        if self.protocol == Protocol::Anthropic {
            // The first event has the tokens of the input, and one of the output.
            self.event["metrics"] = self.protocol.metrics(8, 0, 1);
        }
        self.output(json!([{ "role": "assistant", "content": text }]))
    }

    /// The model has answered with a text.
    pub(crate) fn text(self, text: &str) -> Self {
        let reason = match self.protocol {
            Protocol::Chat => "stop",
            Protocol::Responses => "completed",
            Protocol::Anthropic => "end_turn",
        };
        self.partial_answer(text).reason(reason)
    }

    /// The model has answered with a call of the tool.
    pub(crate) fn call(self) -> Self {
        let (reason, id, kind) = match self.protocol {
            Protocol::Chat => ("tool_calls", "call_1", "function"),
            Protocol::Responses => ("completed", "call_1", "function_call"),
            Protocol::Anthropic => ("tool_use", "toolu_1", "tool_use"),
        };
        let call = json!({ "name": TOOL.0, "arguments": { "city": "Paris" }, "tool_id": id, "type": kind });
        self.partial_answer("")
            .reason(reason)
            .output(json!([{ "role": "assistant", "content": "", "tool_calls": [call] }]))
    }

    pub(crate) fn tokens(mut self, input: u64, output: u64) -> Self {
        self.event["metrics"] = self.protocol.metrics(input, 0, output);
        self
    }

    /// The call has failed.
    pub(crate) fn error(mut self, (kind, message): (&str, &str)) -> Self {
        self.event["status"] = json!("error");
        self.event["meta"]["error"] = json!({ "type": kind, "message": message, "stack": "<stack>" });
        self.tag("error:1").tag(&format!("error_type:{kind}")).without_tag("error:0")
    }

    /// The model has failed in the middle of a stream.
    pub(crate) fn error_in_stream(self) -> Self {
        let error = self.protocol.error(529);
        let is_named = self.protocol == Protocol::Responses;
        let failed = if is_named { self.reason("failed") } else { self };
        failed.error(error)
    }

    pub(crate) fn cancelled(self) -> Self {
        self.tag("cancelled:true")
    }

    /// The span of an annotated function represents the call.
    pub(crate) fn of_attribute(mut self, name: &str) -> Self {
        self.event["name"] = json!(name);
        self.tag("decorator:1")
    }

    /// The event.
    pub(crate) fn event(mut self) -> Value {
        if self.is_stream && self.event["meta"]["output"].is_object() {
            self.event["metrics"]["time_to_first_token"] = json!("<seconds>");
        }
        self.event
    }

    fn reason(mut self, reason: &str) -> Self {
        self.event["meta"]["metadata"]["finish_reason"] = json!(reason);
        self
    }

    fn output(mut self, messages: Value) -> Self {
        self.event["meta"]["output"] = json!({ "messages": messages });
        self
    }

    fn tag(mut self, tag: &str) -> Self {
        let tags = self.event["tags"].as_array_mut().unwrap();
        tags.push(json!(tag));
        tags.sort_by_key(|tag| tag.as_str().unwrap().to_owned());
        self
    }

    fn without_tag(mut self, tag: &str) -> Self {
        self.event["tags"].as_array_mut().unwrap().retain(|other| other != tag);
        self
    }
}

fn input(protocol: Protocol, question: &Question) -> Vec<Value> {
    let mut messages =
        vec![json!({ "role": "system", "content": SYSTEM }), json!({ "role": "user", "content": USER })];
    if question.with_result {
        let (role, kind) = match protocol {
            Protocol::Chat => ("tool", "function"),
            Protocol::Responses => ("tool", "function_call"),
            Protocol::Anthropic => ("user", "tool_use"),
        };
        let call = json!({ "name": TOOL.0, "arguments": { "city": "Paris" }, "tool_id": CALL, "type": kind });
        messages.push(json!({ "role": "assistant", "content": "", "tool_calls": [call] }));
        let mut result = json!({ "result": RESULT, "tool_id": CALL });
        match protocol {
            Protocol::Chat => {}
            Protocol::Responses => result["type"] = json!("function_call_output"),
            Protocol::Anthropic => result["type"] = json!("tool_result"),
        }
        messages.push(json!({ "role": role, "content": "", "tool_results": [result] }));
    }
    messages
}
