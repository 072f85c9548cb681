//! An answer in the format of each protocol: whole, and as a stream.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use llmobs_providers::Protocol;
use serde_json::{Value, json};

use crate::random::{Call, ModelAnswer, Part, Shape, pieces};
use crate::support::frame;

/// The bodies of one answer.
pub(crate) struct Bodies {
    /// `None` if there are only streams.
    pub(crate) whole: Option<Vec<u8>>,
    pub(crate) stream: Vec<u8>,
    /// Whether the stream has the tokens.
    pub(crate) has_usage: bool,
}

/// The protocols that answer with messages, and the parts that they can have.
pub(crate) const CHATS: [(Protocol, Shape); 13] = [
    (Protocol::OpenAiChat, Shape::Ordered),
    (Protocol::OpenAiCompletions, Shape::Text),
    (Protocol::OpenAiResponses, Shape::Any),
    (Protocol::AnthropicMessages, Shape::Any),
    (Protocol::GeminiGenerate, Shape::Any),
    (Protocol::GeminiInteractions, Shape::Any),
    (Protocol::OllamaChat, Shape::Ordered),
    (Protocol::OllamaGenerate, Shape::ThoughtAndText),
    (Protocol::BedrockConverse, Shape::Any),
    (Protocol::BedrockInvoke, Shape::Any),
    (Protocol::BedrockAgent, Shape::Text),
    (Protocol::CohereChat, Shape::Ordered),
    (Protocol::CohereChatV1, Shape::TextAndCalls),
];

pub(crate) fn bodies(protocol: Protocol, model_answer: &ModelAnswer, random: &mut Rng) -> Bodies {
    let mut writer = Writer {
        model_answer,
        random,
        raw: model_answer.calls().iter().map(|call| call.text.clone()).collect(),
    };
    match protocol {
        Protocol::OpenAiChat => writer.openai_chat(),
        Protocol::OpenAiCompletions => writer.openai_completions(),
        Protocol::OpenAiResponses => writer.openai_responses(),
        Protocol::AnthropicMessages => writer.anthropic(),
        Protocol::GeminiGenerate => writer.gemini_generate(),
        Protocol::GeminiInteractions => writer.gemini_interactions(),
        Protocol::OllamaChat => writer.ollama_chat(),
        Protocol::OllamaGenerate => writer.ollama_generate(),
        Protocol::BedrockConverse => writer.converse(),
        Protocol::BedrockInvoke => writer.invoke(),
        Protocol::BedrockAgent => writer.agent(),
        Protocol::CohereChat => writer.cohere_chat(),
        Protocol::CohereChatV1 => writer.cohere_chat_v1(),
        other => panic!("{other} answers with no messages"),
    }
}

struct Writer<'a> {
    model_answer: &'a ModelAnswer,
    random: &'a mut Rng,
    /// The arguments of the calls, which keep their digits in a body.
    raw: Vec<String>,
}

impl Writer<'_> {
    /// A placeholder for the arguments of a call, which are inserted as text.
    fn arguments(&self, call: &Call) -> Value {
        let index = self.model_answer.calls().iter().position(|known| known.id == call.id).unwrap();
        json!(format!("@@RAW{index}@@"))
    }

    /// The text of a body, with or without escapes of characters that are not ASCII.
    fn body(&mut self, value: &Value) -> String {
        let mut text = value.to_string();
        for (index, raw) in self.raw.iter().enumerate() {
            text = text.replace(&format!("\"@@RAW{index}@@\""), raw);
        }
        if self.random.bool() { text } else { ascii(&text) }
    }

    fn pieces<'t>(&mut self, text: &'t str) -> Vec<&'t str> {
        pieces(self.random, text)
    }

    /// Server-sent events with one style of line endings, and comments between them.
    fn events(&mut self, events: &[Value], last: &str) -> Vec<u8> {
        let end = ["\n", "\r\n", "\r"][self.random.usize(..3)];
        let is_named = self.random.bool();
        let blank = if self.random.bool() { " " } else { "" };
        let mut text = if self.random.u8(..) < 20 { "\u{feff}".to_owned() } else { String::new() };
        for (index, event) in events.iter().enumerate() {
            if self.random.u8(..) < 20 {
                text += &format!(": keep-alive{end}{end}");
            }
            let name = ["type", "event_type"].into_iter().find_map(|key| event[key].as_str());
            if let Some(name) = name.filter(|_| is_named) {
                text += &format!("event:{blank}{name}{end}id: {index}{end}");
            }
            text += &format!("data:{blank}{}{end}{end}", self.body(event));
        }
        (text + last).into_bytes()
    }

    /// One line for each event.
    fn lines(&mut self, events: &[Value]) -> Vec<u8> {
        let end = ["\n", "\r\n", ""][self.random.usize(..3)];
        let lines: Vec<_> = events.iter().map(|event| self.body(event) + end).collect();
        lines.concat().into_bytes()
    }

    /// Frames of AWS's event stream.
    fn frames(&mut self, events: &[(&str, Value)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, event) in events {
            let payload = self.body(event);
            bytes.extend(frame(&json!({
                ":message-type": "event", ":event-type": name, ":content-type": "application/json", "payload": payload
            })));
        }
        bytes
    }

    fn openai_chat(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let (thought, text) = (model_answer.thought(), model_answer.text());
        let key = ["reasoning_content", "reasoning"][self.random.usize(..2)];
        let function = |call: &Call, arguments: &str| json!({ "name": call.name, "arguments": arguments });
        let calls: Vec<_> = model_answer
            .calls()
            .iter()
            .map(|call| json!({ "id": call.id, "type": "function", "function": function(call, &call.text) }))
            .collect();
        let mut message = json!({ "role": "assistant", "content": text, "tool_calls": calls });
        message[key] = json!(thought);
        let usage = json!({ "prompt_tokens": model_answer.input, "completion_tokens": model_answer.output });
        let start = json!({ "id": model_answer.id, "model": model_answer.model });
        let chunk = |delta: Value, finish: Option<&str>| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
            let mut chunk = start.clone();
            chunk["object"] = json!("chat.completion.chunk");
            chunk["choices"] = json!([choice]);
            chunk
        };
        let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
        for piece in self.pieces(thought.unwrap_or_default()) {
            events.push(chunk(json!({ key: piece }), None));
        }
        for piece in self.pieces(text.unwrap_or_default()) {
            events.push(chunk(json!({ "content": piece }), None));
        }
        // Pieces of several calls arrive in any order.
        let mut of_calls: Vec<Vec<Value>> = Vec::new();
        for (index, call) in model_answer.calls().into_iter().enumerate() {
            let first =
                json!({ "index": index, "id": call.id, "type": "function", "function": function(call, "") });
            let mut deltas = vec![first];
            for piece in self.pieces(&call.text) {
                deltas.push(json!({ "index": index, "function": { "arguments": piece } }));
            }
            of_calls.push(deltas);
        }
        // Calls start in order.
        for deltas in &mut of_calls {
            events.push(chunk(json!({ "tool_calls": [deltas.remove(0)] }), None));
        }
        while let Some(at) = (!of_calls.is_empty()).then(|| self.random.usize(..of_calls.len())) {
            if of_calls[at].is_empty() {
                of_calls.remove(at);
            } else {
                events.push(chunk(json!({ "tool_calls": [of_calls[at].remove(0)] }), None));
            }
        }
        events.push(chunk(json!({}), Some("stop")));
        let mut end = start.clone();
        end["choices"] = json!([]);
        end["usage"] = usage.clone();
        events.push(end);
        let mut whole = start.clone();
        whole["object"] = json!("chat.completion");
        whole["choices"] = json!([{ "index": 0, "message": message, "finish_reason": "stop" }]);
        whole["usage"] = usage;
        let stream = self.events(&events, "data: [DONE]\n\n");
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    fn openai_completions(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let text = model_answer.text().unwrap_or_default();
        let usage = json!({ "prompt_tokens": model_answer.input, "completion_tokens": model_answer.output });
        let event = |text: &str, finish: Option<&str>, usage: &Value| {
            json!({
                "id": model_answer.id, "object": "text_completion", "model": model_answer.model, "usage": usage,
                "choices": [{ "index": 0, "text": text, "finish_reason": finish }]
            })
        };
        let pieces = self.pieces(text);
        let mut events: Vec<_> = pieces.into_iter().map(|piece| event(piece, None, &Value::Null)).collect();
        events.push(event("", Some("stop"), &usage));
        let stream = self.events(&events, "data: [DONE]");
        Bodies {
            whole: Some(self.body(&event(text, Some("stop"), &usage)).into_bytes()),
            stream,
            has_usage: true,
        }
    }

    fn openai_responses(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let (mut items, mut events) = (Vec::new(), Vec::new());
        let response = |status: &str, output: &[Value], usage: Value| {
            json!({
                "id": model_answer.id, "object": "response", "model": model_answer.model, "status": status, "output": output,
                "usage": usage
            })
        };
        let event = |kind: &str, index: usize, mut event: Value| {
            event["type"] = json!(kind);
            event["output_index"] = json!(index);
            event
        };
        events.push(
            json!({ "type": "response.created", "response": response("in_progress", &[], Value::Null) }),
        );
        for (index, part) in model_answer.parts.iter().enumerate() {
            let id = format!("item_{index}");
            let (started, item, pieces, kind) = match part {
                Part::Thought(text) => (
                    json!({ "type": "reasoning", "id": id, "summary": [] }),
                    json!({ "type": "reasoning", "id": id, "summary": [{ "type": "summary_text", "text": text }] }),
                    self.pieces(text),
                    "response.reasoning_summary_text.delta",
                ),
                Part::Text(text) => (
                    json!({ "type": "message", "id": id, "role": "assistant", "content": [] }),
                    json!({
                        "type": "message", "id": id, "role": "assistant",
                        "content": [{ "type": "output_text", "text": text, "annotations": [] }]
                    }),
                    self.pieces(text),
                    "response.output_text.delta",
                ),
                Part::Call(call) => {
                    let item = |arguments: &str| {
                        json!({
                            "type": "function_call", "id": id, "call_id": call.id, "name": call.name,
                            "arguments": arguments
                        })
                    };
                    let pieces = self.pieces(&call.text);
                    (item(""), item(&call.text), pieces, "response.function_call_arguments.delta")
                }
            };
            events.push(event("response.output_item.added", index, json!({ "item": started })));
            for piece in pieces {
                let mut delta = json!({ "item_id": id, "delta": piece });
                delta[if kind.contains("summary") { "summary_index" } else { "content_index" }] = json!(0);
                events.push(event(kind, index, delta));
            }
            events.push(event("response.output_item.done", index, json!({ "item": item })));
            items.push(item);
        }
        let usage = json!({ "input_tokens": model_answer.input, "output_tokens": model_answer.output });
        let whole = response("completed", &items, usage);
        events.push(json!({ "type": "response.completed", "response": whole }));
        let stream = self.events(&events, "");
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    /// The events of Anthropic's stream, and the whole answer.
    fn anthropic_events(&mut self) -> (Value, Vec<Value>) {
        let model_answer = self.model_answer;
        let message = |content: &[Value], stop: Option<&str>, usage: Value| {
            json!({
                "id": model_answer.id, "type": "message", "role": "assistant", "model": model_answer.model, "content": content,
                "stop_reason": stop, "usage": usage
            })
        };
        let first = message(&[], None, json!({ "input_tokens": model_answer.input, "output_tokens": 1 }));
        let mut events = vec![json!({ "type": "message_start", "message": first })];
        let mut blocks = Vec::new();
        for (index, part) in model_answer.parts.iter().enumerate() {
            let (started, block, deltas) = match part {
                Part::Thought(text) => {
                    let pieces = self.pieces(text).into_iter();
                    let deltas: Vec<_> =
                        pieces.map(|piece| json!({ "type": "thinking_delta", "thinking": piece })).collect();
                    (
                        json!({ "type": "thinking", "thinking": "", "signature": "" }),
                        json!({ "type": "thinking", "thinking": text, "signature": "c2ln" }),
                        [deltas, vec![json!({ "type": "signature_delta", "signature": "c2ln" })]].concat(),
                    )
                }
                Part::Text(text) => {
                    let pieces = self.pieces(text).into_iter();
                    (
                        json!({ "type": "text", "text": "" }),
                        json!({ "type": "text", "text": text }),
                        pieces.map(|piece| json!({ "type": "text_delta", "text": piece })).collect(),
                    )
                }
                Part::Call(call) => {
                    let item = |input: Value| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input });
                    let pieces = self.pieces(&call.text).into_iter();
                    (
                        item(json!({})),
                        item(self.arguments(call)),
                        pieces
                            .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }))
                            .collect(),
                    )
                }
            };
            events.push(json!({ "type": "content_block_start", "index": index, "content_block": started }));
            for delta in deltas {
                events.push(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
            }
            events.push(json!({ "type": "content_block_stop", "index": index }));
            events.push(json!({ "type": "ping" }));
            blocks.push(block);
        }
        let output = json!({ "output_tokens": model_answer.output });
        events.push(
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": output }),
        );
        events.push(json!({ "type": "message_stop" }));
        let usage = json!({ "input_tokens": model_answer.input, "output_tokens": model_answer.output });
        (message(&blocks, Some("end_turn"), usage), events)
    }

    fn anthropic(&mut self) -> Bodies {
        let (whole, events) = self.anthropic_events();
        let stream = self.events(&events, "");
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    fn gemini_generate(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let answer = |parts: Vec<Value>, finish: Option<&str>| {
            let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
            if let Some(reason) = finish {
                candidate["finishReason"] = json!(reason);
            }
            json!({
                "candidates": [candidate], "responseId": model_answer.id, "modelVersion": model_answer.model,
                "usageMetadata": { "promptTokenCount": model_answer.input, "candidatesTokenCount": model_answer.output }
            })
        };
        let (mut parts, mut events) = (Vec::new(), Vec::new());
        for part in &model_answer.parts {
            match part {
                Part::Thought(text) => {
                    parts.push(json!({ "text": text, "thought": true }));
                    for piece in self.pieces(text) {
                        events.push(answer(vec![json!({ "text": piece, "thought": true })], None));
                    }
                }
                Part::Text(text) => {
                    parts.push(json!({ "text": text }));
                    for piece in self.pieces(text) {
                        events.push(answer(vec![json!({ "text": piece })], None));
                    }
                }
                Part::Call(call) => {
                    let arguments = self.arguments(call);
                    let call = json!({ "id": call.id, "name": call.name, "args": arguments });
                    let part = json!({ "functionCall": call, "thoughtSignature": "c2ln" });
                    parts.push(part.clone());
                    events.push(answer(vec![part], None));
                }
            }
        }
        events.push(answer(vec![json!({ "text": "" })], Some("STOP")));
        // A stream is server-sent events, or one array.
        let stream = if self.random.bool() {
            self.events(&events, "")
        } else {
            let texts: Vec<_> = events.iter().map(|event| self.body(event)).collect();
            format!("[{}\n]\n", texts.join("\n,\r\n")).into_bytes()
        };
        Bodies { whole: Some(self.body(&answer(parts, Some("STOP"))).into_bytes()), stream, has_usage: true }
    }

    fn gemini_interactions(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let interaction = |status: &str| json!({ "id": model_answer.id, "object": "interaction", "model": model_answer.model, "status": status });
        let event = |kind: &str, index: usize, key: &str, value: Value| json!({ "event_type": kind, "index": index, key: value });
        let first = json!({ "event_type": "interaction.created", "interaction": interaction("in_progress") });
        let (mut steps, mut events) = (Vec::new(), vec![first]);
        for (index, part) in model_answer.parts.iter().enumerate() {
            let (started, step, deltas): (_, _, Vec<Value>) = match part {
                Part::Thought(text) => {
                    let content = |text: &str| json!({ "type": "text", "text": text });
                    let pieces = self.pieces(text).into_iter();
                    (
                        json!({ "type": "thought" }),
                        json!({ "type": "thought", "summary": [content(text)] }),
                        pieces
                            .map(|piece| json!({ "type": "thought_summary", "content": content(piece) }))
                            .collect(),
                    )
                }
                Part::Text(text) => {
                    let content = |text: &str| json!({ "type": "text", "text": text });
                    let pieces = self.pieces(text).into_iter();
                    (
                        json!({ "type": "model_output" }),
                        json!({ "type": "model_output", "content": [content(text)] }),
                        pieces.map(content).collect(),
                    )
                }
                Part::Call(call) => {
                    let step = |arguments: Value| json!({ "type": "function_call", "id": call.id, "name": call.name, "arguments": arguments });
                    let pieces = self.pieces(&call.text).into_iter();
                    (
                        step(json!({})),
                        step(self.arguments(call)),
                        pieces
                            .map(|piece| json!({ "type": "arguments_delta", "arguments": piece }))
                            .collect(),
                    )
                }
            };
            events.push(event("step.start", index, "step", started));
            for delta in deltas {
                events.push(event("step.delta", index, "delta", delta));
            }
            events.push(json!({ "event_type": "step.stop", "index": index }));
            steps.push(step);
        }
        let mut whole = interaction("completed");
        whole["usage"] =
            json!({ "total_input_tokens": model_answer.input, "total_output_tokens": model_answer.output });
        events.push(json!({ "event_type": "interaction.completed", "interaction": whole }));
        whole["steps"] = json!(steps);
        let stream = self.events(&events, "event: done\ndata: [DONE]\n\n");
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    fn ollama_chat(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let (thought, text) =
            (model_answer.thought().unwrap_or_default(), model_answer.text().unwrap_or_default());
        let calls: Vec<_> = model_answer
            .calls()
            .into_iter()
            .map(|call| json!({ "function": { "name": call.name, "arguments": self.arguments(call) } }))
            .collect();
        let message = |mut fields: Value, done: bool| {
            fields["role"] = json!("assistant");
            let mut event = json!({ "model": model_answer.model, "message": fields, "done": done });
            if done {
                event["done_reason"] = json!("stop");
                event["prompt_eval_count"] = json!(model_answer.input);
                event["eval_count"] = json!(model_answer.output);
            }
            event
        };
        let mut events = Vec::new();
        for piece in self.pieces(thought) {
            events.push(message(json!({ "content": "", "thinking": piece }), false));
        }
        for piece in self.pieces(text) {
            events.push(message(json!({ "content": piece }), false));
        }
        for call in &calls {
            events.push(message(json!({ "content": "", "tool_calls": [call] }), false));
        }
        events.push(message(json!({ "content": "" }), true));
        let whole = message(json!({ "content": text, "thinking": thought, "tool_calls": calls }), true);
        let stream = self.lines(&events);
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    fn ollama_generate(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let (thought, text) =
            (model_answer.thought().unwrap_or_default(), model_answer.text().unwrap_or_default());
        let event = |text: &str, thought: &str, done: bool| {
            let mut event =
                json!({ "model": model_answer.model, "response": text, "thinking": thought, "done": done });
            if done {
                event["done_reason"] = json!("stop");
                event["prompt_eval_count"] = json!(model_answer.input);
                event["eval_count"] = json!(model_answer.output);
            }
            event
        };
        let mut events = Vec::new();
        for piece in self.pieces(thought) {
            events.push(event("", piece, false));
        }
        for piece in self.pieces(text) {
            events.push(event(piece, "", false));
        }
        events.push(event("", "", true));
        let stream = self.lines(&events);
        Bodies { whole: Some(self.body(&event(text, thought, true)).into_bytes()), stream, has_usage: true }
    }

    /// The events of Converse's stream, and the whole answer.
    fn converse_events(&mut self) -> (Value, Vec<(&'static str, Value)>) {
        let model_answer = self.model_answer;
        let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
        let mut blocks = Vec::new();
        for (index, part) in model_answer.parts.iter().enumerate() {
            let (start, block, deltas): (_, _, Vec<Value>) = match part {
                Part::Thought(text) => {
                    let pieces = self.pieces(text).into_iter();
                    (
                        None,
                        json!({ "reasoningContent": { "reasoningText": { "text": text } } }),
                        pieces.map(|piece| json!({ "reasoningContent": { "text": piece } })).collect(),
                    )
                }
                Part::Text(text) => {
                    let pieces = self.pieces(text).into_iter();
                    (None, json!({ "text": text }), pieces.map(|piece| json!({ "text": piece })).collect())
                }
                Part::Call(call) => {
                    let pieces = self.pieces(&call.text).into_iter();
                    let started = json!({ "toolUseId": call.id, "name": call.name });
                    let mut whole = started.clone();
                    whole["input"] = self.arguments(call);
                    (
                        Some(json!({ "toolUse": started })),
                        json!({ "toolUse": whole }),
                        pieces.map(|piece| json!({ "toolUse": { "input": piece } })).collect(),
                    )
                }
            };
            if let Some(start) = start {
                events.push(("contentBlockStart", json!({ "contentBlockIndex": index, "start": start })));
            }
            for delta in deltas {
                events.push(("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta })));
            }
            events.push(("contentBlockStop", json!({ "contentBlockIndex": index })));
            blocks.push(block);
        }
        let usage = json!({ "inputTokens": model_answer.input, "outputTokens": model_answer.output });
        events.push(("messageStop", json!({ "stopReason": "end_turn" })));
        events.push(("metadata", json!({ "usage": usage })));
        let message = json!({ "role": "assistant", "content": blocks });
        (json!({ "output": { "message": message }, "stopReason": "end_turn", "usage": usage }), events)
    }

    fn converse(&mut self) -> Bodies {
        let (whole, events) = self.converse_events();
        let stream = self.frames(&events);
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    /// The bodies of Claude or Nova, whose events are in frames.
    fn invoke(&mut self) -> Bodies {
        let (whole, events) = if self.random.bool() {
            self.anthropic_events()
        } else {
            let (whole, events) = self.converse_events();
            (whole, events.into_iter().map(|(name, event)| json!({ name: event })).collect())
        };
        let frames: Vec<_> = events
            .iter()
            .map(|event| ("chunk", json!({ "bytes": STANDARD.encode(self.body(event)), "p": "abc" })))
            .collect();
        let stream = self.frames(&frames);
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    fn agent(&mut self) -> Bodies {
        let text = self.model_answer.text().unwrap_or_default();
        let pieces = self.pieces(text);
        let frames: Vec<_> =
            pieces.iter().map(|piece| ("chunk", json!({ "bytes": STANDARD.encode(piece) }))).collect();
        Bodies { whole: None, stream: self.frames(&frames), has_usage: false }
    }

    fn cohere_chat(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let (thought, text) =
            (model_answer.thought().unwrap_or_default(), model_answer.text().unwrap_or_default());
        let event = |kind: &str, index: usize, message: Value| json!({ "type": kind, "index": index, "delta": { "message": message } });
        let first = json!({ "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [] });
        let mut events =
            vec![json!({ "type": "message-start", "id": model_answer.id, "delta": { "message": first } })];
        let mut message = json!({ "role": "assistant" });
        let mut content = Vec::new();
        // Before calls, reasoning is a plan.
        if !model_answer.calls().is_empty() {
            message["tool_plan"] = json!(thought);
            for piece in self.pieces(thought) {
                events.push(event("tool-plan-delta", 0, json!({ "tool_plan": piece })));
            }
        } else if !thought.is_empty() {
            content.push(("thinking", thought));
        }
        if !text.is_empty() {
            content.push(("text", text));
        }
        let list: Vec<_> = content.iter().map(|(kind, text)| json!({ "type": kind, *kind: text })).collect();
        message["content"] = json!(list);
        for (index, (kind, text)) in content.into_iter().enumerate() {
            events.push(event("content-start", index, json!({ "content": { "type": kind, kind: "" } })));
            for piece in self.pieces(text) {
                events.push(event("content-delta", index, json!({ "content": { kind: piece } })));
            }
            events.push(json!({ "type": "content-end", "index": index }));
        }
        let mut calls = Vec::new();
        for (index, call) in model_answer.calls().into_iter().enumerate() {
            let whole = |arguments: &str| json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": arguments } });
            events.push(event("tool-call-start", index, json!({ "tool_calls": whole("") })));
            for piece in self.pieces(&call.text) {
                let delta = json!({ "tool_calls": { "function": { "arguments": piece } } });
                events.push(event("tool-call-delta", index, delta));
            }
            events.push(json!({ "type": "tool-call-end", "index": index }));
            calls.push(whole(&call.text));
        }
        message["tool_calls"] = json!(calls);
        let usage =
            json!({ "tokens": { "input_tokens": model_answer.input, "output_tokens": model_answer.output } });
        let end = json!({ "finish_reason": "COMPLETE", "usage": usage });
        events.push(json!({ "type": "message-end", "delta": end }));
        let whole =
            json!({ "id": model_answer.id, "finish_reason": "COMPLETE", "message": message, "usage": usage });
        let stream = self.events(&events, "data: [DONE]\n\n");
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }

    fn cohere_chat_v1(&mut self) -> Bodies {
        let model_answer = self.model_answer;
        let text = model_answer.text().unwrap_or_default();
        let calls: Vec<_> = model_answer
            .calls()
            .into_iter()
            .map(|call| json!({ "name": call.name, "parameters": self.arguments(call) }))
            .collect();
        let event = |kind: &str, mut event: Value| {
            event["event_type"] = json!(kind);
            event["is_finished"] = json!(kind == "stream-end");
            event
        };
        let whole = json!({
            "response_id": model_answer.id, "generation_id": "g", "text": text, "tool_calls": calls, "finish_reason": "COMPLETE",
            "meta": { "tokens": { "input_tokens": model_answer.input, "output_tokens": model_answer.output } }
        });
        let mut events = vec![event("stream-start", json!({ "generation_id": "g" }))];
        let kind = if calls.is_empty() { "text-generation" } else { "tool-calls-chunk" };
        for piece in self.pieces(text) {
            events.push(event(kind, json!({ "text": piece })));
        }
        if !calls.is_empty() {
            events.push(event("tool-calls-generation", json!({ "text": text, "tool_calls": calls })));
        }
        events.push(event("stream-end", json!({ "finish_reason": "COMPLETE", "response": whole })));
        let stream = self.lines(&events);
        Bodies { whole: Some(self.body(&whole).into_bytes()), stream, has_usage: true }
    }
}

/// JSON text with escapes for all characters that are not ASCII, as in Python.
fn ascii(json: &str) -> String {
    let mut text = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text += &format!("\\u{unit:04x}");
            }
        }
    }
    text
}
