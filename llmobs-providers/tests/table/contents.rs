//! The contents of requests and answers, and how to tell whether one was read.

use serde_json::{Value, json};

/// A kind of content of a request or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text,
    Thoughts,
    Refusal,
    ToolCall,
    ToolResult,
    ServerTool,
    Image,
    Audio,
    Video,
    Document,
    Citations,
    Tools,
    Usage,
    Cache,
    ReasoningTokens,
    AudioTokens,
    Error,
    StreamError,
    Embeddings,
    Rerank,
    SeveralChoices,
    StructuredOutput,
    Unknown,
}

impl Content {
    pub(crate) const ALL: [Self; 23] = [
        Self::Text,
        Self::Thoughts,
        Self::Refusal,
        Self::ToolCall,
        Self::ToolResult,
        Self::ServerTool,
        Self::Image,
        Self::Audio,
        Self::Video,
        Self::Document,
        Self::Citations,
        Self::Tools,
        Self::Usage,
        Self::Cache,
        Self::ReasoningTokens,
        Self::AudioTokens,
        Self::Error,
        Self::StreamError,
        Self::Embeddings,
        Self::Rerank,
        Self::SeveralChoices,
        Self::StructuredOutput,
        Self::Unknown,
    ];

    /// Its label in the fixtures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Thoughts => "thoughts",
            Self::Refusal => "refusal",
            Self::ToolCall => "tool_call",
            Self::ToolResult => "tool_result",
            Self::ServerTool => "server_tool",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Citations => "citations",
            Self::Tools => "tools",
            Self::Usage => "usage",
            Self::Cache => "cache",
            Self::ReasoningTokens => "reasoning_tokens",
            Self::AudioTokens => "audio_tokens",
            Self::Error => "error",
            Self::StreamError => "stream_error",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
            Self::SeveralChoices => "several_choices",
            Self::StructuredOutput => "structured_output",
            Self::Unknown => "unknown",
        }
    }
}

/// The data that was read from one fixture.
pub(crate) struct Reading<'a> {
    /// The protocol, convention or library.
    pub(crate) row: &'a str,
    request: &'a Value,
    response: &'a Value,
    labels: &'a [&'a str],
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The text inside the brackets of a line that is a note.
fn note(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

/// Whether a line is only the name of a part.
fn is_name(line: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    note(line).is_some_and(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(is_letter)
    })
}

impl<'a> Reading<'a> {
    pub(crate) const fn new(
        row: &'a str,
        request: &'a Value,
        response: &'a Value,
        labels: &'a [&'a str],
    ) -> Self {
        Self { row, request, response, labels }
    }

    fn is_labelled(&self, content: Content) -> bool {
        self.labels.contains(&content.name())
    }

    fn messages(&self) -> impl Iterator<Item = &'a Value> {
        [&self.request["messages"], &self.response["input"], &self.response["messages"]]
            .into_iter()
            .flat_map(list)
    }

    fn calls(&self) -> impl Iterator<Item = &'a Value> {
        self.messages().flat_map(|message| list(&message["tool_calls"]))
    }

    fn results(&self) -> impl Iterator<Item = &'a Value> {
        self.messages().flat_map(|message| list(&message["tool_results"]))
    }

    /// The lines of messages other than reasoning, of results and of documents.
    fn lines(&self) -> impl Iterator<Item = &'a str> {
        let messages = self.messages().filter(|message| message["role"] != "reasoning");
        let contents = messages.map(|message| text(message, "content"));
        let results = self.results().map(|result| text(result, "result"));
        let documents = list(&self.request["documents"]).iter().map(|document| text(document, "text"));
        contents.chain(results).chain(documents).flat_map(str::lines)
    }

    fn thoughts(&self) -> impl Iterator<Item = &'a str> {
        let thoughts = self.messages().filter(|message| message["role"] == "reasoning");
        thoughts.map(|message| text(message, "content"))
    }

    /// Whether the model produced a text.
    fn has_answer(&self) -> bool {
        let mut messages =
            list(&self.response["messages"]).iter().filter(|message| message["role"] != "reasoning");
        messages.any(|message| !text(message, "content").is_empty())
    }

    fn has_finish_reason(&self, reasons: &[&str]) -> bool {
        list(&self.response["finish_reasons"]).iter().any(|reason| {
            let reason = reason.as_str().unwrap_or_default().to_lowercase();
            reasons.iter().any(|word| reason.contains(word))
        })
    }

    /// Whether a note has one of these kinds, with or without further data.
    fn has_note(&self, kinds: &[&str], with_more: bool) -> bool {
        self.lines().filter_map(note).any(|note| match note.split_once(": ") {
            Some((kind, _)) => with_more && kinds.contains(&kind),
            None => !with_more && kinds.contains(&note),
        })
    }

    /// The kinds that notes of a content have.
    const fn kinds(content: Content) -> &'static [&'static str] {
        match content {
            Content::Image => &["image"],
            Content::Audio => &["audio"],
            Content::Video => &["video"],
            Content::Document => &["document", "file", "container_upload"],
            _ => &[],
        }
    }

    /// Whether the content itself was read; for content that is not text, its type and size, or its location.
    pub(crate) fn shows(&self, content: Content) -> bool {
        let usage = &self.response["usage"];
        match content {
            Content::Text => self.lines().any(|line| !line.is_empty() && note(line).is_none()),
            Content::Thoughts => self.thoughts().any(|thought| !is_name(thought)),
            Content::Refusal => {
                const WORDS: [&str; 5] = ["refusal", "guardrail", "safety", "prohibited", "content_filter"];
                self.is_labelled(content) && (self.has_answer() || self.has_finish_reason(&WORDS))
            }
            Content::ToolCall => self.calls().any(|call| !text(call, "name").is_empty()),
            Content::ToolResult => self.results().any(|result| !text(result, "result").is_empty()),
            // Their results are part of an answer.
            Content::ServerTool => {
                list(&self.response["messages"])
                    .iter()
                    .any(|message| message["role"] == "tool" && !list(&message["tool_results"]).is_empty())
                    || self.calls().any(|call| text(call, "type").starts_with("server_tool"))
            }
            Content::Image | Content::Audio | Content::Video => self.has_note(Self::kinds(content), true),
            Content::Document => {
                self.has_note(Self::kinds(content), true)
                    || self.is_labelled(content) && !list(&self.request["documents"]).is_empty()
            }
            Content::Citations => !list(&self.response["citations"]).is_empty(),
            Content::Tools => !list(&self.request["tools"]).is_empty(),
            Content::Usage => usage.as_object().is_some_and(|usage| !usage.is_empty()),
            Content::Cache => usage["cache_read"].is_u64() || usage["cache_write"].is_u64(),
            Content::ReasoningTokens => usage["reasoning"].is_u64(),
            Content::AudioTokens => usage["input_audio"].is_u64() || usage["output_audio"].is_u64(),
            Content::Error => self.response["error"].is_object(),
            Content::StreamError => self.is_labelled(content) && self.response["error"].is_object(),
            // Attributes of spans have the texts, and no vectors.
            Content::Embeddings => {
                self.response["vectors"].is_object() || self.request["operation"] == "embedding"
            }
            Content::Rerank => !list(&self.response["documents"]).is_empty(),
            Content::SeveralChoices => {
                list(&self.response["finish_reasons"]).len() > 1
                    || self.is_labelled(content) && list(&self.response["messages"]).len() > 1
            }
            Content::StructuredOutput => {
                let answers = list(&self.response["messages"]).iter().map(|message| text(message, "content"));
                let is_json = answers.filter(|text| text.starts_with('{')).count() > 0;
                let has_schema = self.request["parameters"].to_string().to_lowercase().contains("schema");
                is_json && (has_schema || self.is_labelled(content))
            }
            Content::Unknown => false,
        }
    }

    /// Whether only the name of the content was read.
    pub(crate) fn names(&self, content: Content) -> bool {
        match content {
            Content::Thoughts => self.thoughts().any(is_name),
            Content::Unknown => {
                let known = Content::ALL.map(Self::kinds).concat();
                let mut names = self.lines().filter(|line| is_name(line)).filter_map(note);
                names.any(|name| !known.contains(&name) || name == "container_upload")
            }
            content => self.has_note(Self::kinds(content), false),
        }
    }
}

/// The request and the response of an outline, with texts of the length in the outline.
pub(crate) fn of_outline(outline: &Value) -> (Value, Value) {
    let side = |name: &str| {
        let mut side = outline[name].clone();
        for key in ["messages", "input"] {
            if let Some(lines) = side[key].as_array_mut() {
                for line in lines {
                    *line = message(line.as_str().unwrap());
                }
            }
        }
        for key in ["citations", "documents"] {
            if let Some(length) = side[key].as_u64() {
                side[key] = vec![json!({}); usize::try_from(length).unwrap()].into();
            }
        }
        side
    };
    (side("request"), side("response"))
}

/// The message that a line of an outline describes: its role, its length, its calls, and its results.
fn message(line: &str) -> Value {
    let mut words = line.split(' ');
    let role = words.next().unwrap();
    let letters = |length: &str| "x".repeat(length.parse().unwrap());
    let length = words.next().unwrap();
    // An outline has no texts, but notes of unreadable reasoning are known by their length.
    let is_note = |note: &&str| role == "reasoning" && note.len().to_string() == length;
    let notes = ["[thinking]", "[reasoning]", "[redacted_thinking]"];
    let content = notes.into_iter().find(is_note).map_or_else(|| letters(length), str::to_owned);
    let (mut calls, mut results) = (Vec::new(), Vec::new());
    let words: Vec<_> = words.collect();
    for (index, word) in words.iter().enumerate() {
        match *word {
            "call" => calls.push(json!({ "name": words[index + 1] })),
            "result" => {
                results.push(json!({ "result": letters(words[index + 3]), "type": words[index + 1] }));
            }
            _ => {}
        }
    }
    json!({ "role": role, "content": content, "tool_calls": calls, "tool_results": results })
}
