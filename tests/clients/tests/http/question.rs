//! The questions of the tests, in the format of each protocol.

use serde_json::{Value, json};

/// A question to a model, with a system prompt.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) model: &'static str,
    /// Whether there is a tool that the model may call.
    pub(crate) with_tool: bool,
    /// Whether the tool has been called and has returned its result.
    pub(crate) with_result: bool,
}

pub(crate) const SYSTEM: &str = "Be brief.";
pub(crate) const USER: &str = "What is the weather in Paris?";
pub(crate) const TOOL: (&str, &str) = ("weather", "The weather in a city.");
pub(crate) const RESULT: &str = "21 degrees";
/// The id of the tool call that has returned its result.
pub(crate) const CALL: &str = "call_0";

/// The protocols of the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Chat,
    Responses,
    Anthropic,
}

impl Question {
    /// A question that is answered by a text.
    pub(crate) const fn new(model: &'static str) -> Self {
        Self { model, with_tool: false, with_result: false }
    }

    /// A question that is answered by a call of the tool.
    pub(crate) const fn of_tool(model: &'static str) -> Self {
        Self { with_tool: true, ..Self::new(model) }
    }

    /// The same question, after the call of the tool.
    pub(crate) const fn with_result(self) -> Self {
        Self { with_tool: true, with_result: true, ..self }
    }

    /// The arguments of the tool.
    pub(crate) fn schema() -> Value {
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] })
    }

    /// The body of a request.
    pub(crate) fn body(&self, protocol: Protocol, is_stream: bool) -> Value {
        match protocol {
            Protocol::Chat => self.chat(is_stream),
            Protocol::Responses => self.responses(is_stream),
            Protocol::Anthropic => self.anthropic(is_stream),
        }
    }

    fn chat(&self, is_stream: bool) -> Value {
        let mut messages =
            vec![json!({ "role": "system", "content": SYSTEM }), json!({ "role": "user", "content": USER })];
        if self.with_result {
            let call = json!({ "name": TOOL.0, "arguments": "{\"city\":\"Paris\"}" });
            messages.push(json!({ "role": "assistant", "tool_calls": [{ "id": CALL, "type": "function", "function": call }] }));
            messages.push(json!({ "role": "tool", "tool_call_id": CALL, "content": RESULT }));
        }
        let mut body = json!({ "model": self.model, "temperature": 0.5, "messages": messages });
        if self.with_tool {
            let (name, description) = TOOL;
            let function = json!({ "name": name, "description": description, "parameters": Self::schema() });
            body["tools"] = json!([{ "type": "function", "function": function }]);
        }
        if is_stream {
            body["stream"] = json!(true);
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    fn responses(&self, is_stream: bool) -> Value {
        let mut input = vec![json!({ "type": "message", "role": "user", "content": USER })];
        if self.with_result {
            input.push(json!({ "type": "function_call", "call_id": CALL, "name": TOOL.0, "arguments": "{\"city\":\"Paris\"}" }));
            input.push(json!({ "type": "function_call_output", "call_id": CALL, "output": RESULT }));
        }
        let mut body =
            json!({ "model": self.model, "temperature": 0.5, "instructions": SYSTEM, "input": input });
        if self.with_tool {
            let (name, description) = TOOL;
            body["tools"] = json!([
                { "type": "function", "name": name, "description": description, "parameters": Self::schema(), "strict": false },
            ]);
        }
        if is_stream {
            body["stream"] = json!(true);
        }
        body
    }

    fn anthropic(&self, is_stream: bool) -> Value {
        let mut messages = vec![json!({ "role": "user", "content": USER })];
        if self.with_result {
            let call =
                json!({ "type": "tool_use", "id": CALL, "name": TOOL.0, "input": { "city": "Paris" } });
            messages.push(json!({ "role": "assistant", "content": [call] }));
            let result = json!({ "type": "tool_result", "tool_use_id": CALL, "content": RESULT });
            messages.push(json!({ "role": "user", "content": [result] }));
        }
        let mut body = json!({
            "model": self.model,
            "temperature": 0.5,
            "max_tokens": 100,
            "system": SYSTEM,
            "messages": messages,
        });
        if self.with_tool {
            let (name, description) = TOOL;
            body["tools"] =
                json!([{ "name": name, "description": description, "input_schema": Self::schema() }]);
        }
        if is_stream {
            body["stream"] = json!(true);
        }
        body
    }
}
