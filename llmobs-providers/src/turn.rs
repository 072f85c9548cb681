//! The parts of what a model or a person said, in their order, and the messages that they become.

mod call;
mod paths;

use std::ops::Range;

use llmobs_capture::text::push_json_string;

use crate::json::Json;
use crate::media::{self, Line};
use crate::message::{Message, ToolResult};
use crate::room::{Room, Text};
use call::Call;
pub(crate) use call::CallPiece;

/// The role of messages that hold thoughts.
const REASONING: &str = "reasoning";
/// The role of messages that hold results of tools, where a model answered with them.
const TOOL: &str = "tool";
const ASSISTANT: &str = "assistant";

/// The parts of one choice of an answer, or of one message of a request.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    role: String,
    /// Whether a model said them, though they are of a request.
    is_answer: bool,
    /// In the order of their places.
    list: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    place: u64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Text(Text),
    /// A text on lines of its own, such as that of a document.
    Passage(Text),
    /// What the model thought, and what the provider calls such a part.
    Thought(Text, String),
    Call(Call),
    Result(ToolResult, Text),
    /// A note in place of a part that is no text.
    Note(String),
    /// Bytes that are no text: what they are, their media type, and how many there are.
    Media(String, String, usize),
    /// What follows is a message of its own.
    Begin,
}

/// Where a part goes. Pieces of one part have one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A place that the provider numbers.
    Place(u64),
    /// Behind all others. A text goes on where the last part is a text, and so does a thought.
    End,
    /// Behind all others, as a part of its own.
    Next,
}

impl From<usize> for At {
    fn from(index: usize) -> Self {
        Self::Place(index as u64)
    }
}

/// The result of a tool, as a provider's part has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResultPart<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
}

/// Parts to be added to, within a budget.
pub(crate) struct Turn<'a> {
    parts: &'a mut Parts,
    pub(crate) room: &'a mut Room,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(parts: &'a mut Parts, room: &'a mut Room) -> Self {
        Self { parts, room }
    }

    /// Sets the role, unless it is empty or one is known.
    pub(crate) fn role(&mut self, role: &str) {
        if self.parts.role.is_empty() {
            self.parts.role = self.room.label(role_of(role));
        }
    }

    /// Says that the parts are what a model answered before.
    pub(crate) fn answered(&mut self) {
        self.parts.is_answer = true;
    }

    /// Begins a message, which does not go on with the one before.
    pub(crate) fn begin(&mut self, at: At) {
        let is_begin = |body: &Body| matches!(body, Body::Begin);
        self.parts.open(at, is_begin, self.room, || Body::Begin);
    }

    /// Adds to a text.
    pub(crate) fn text(&mut self, at: At, piece: &str) {
        if piece.is_empty() {
            return;
        }
        let is_text = |body: &Body| matches!(body, Body::Text(_));
        if let Some(Body::Text(text)) =
            self.parts.open(at, is_text, self.room, || Body::Text(Text::default()))
        {
            text.push(piece, self.room);
        }
    }

    /// Adds to a text that stands on lines of its own.
    pub(crate) fn passage(&mut self, at: At, piece: &str) {
        let is_passage = |body: &Body| matches!(body, Body::Passage(_));
        if let Some(Body::Passage(text)) =
            self.parts.open(at, is_passage, self.room, || Body::Passage(Text::default()))
        {
            text.push(piece, self.room);
        }
    }

    /// Adds to a thought. `name` is what the provider calls such a part; it is shown if there is no text.
    pub(crate) fn thought(&mut self, at: At, name: &str, piece: &str) {
        let is_thought = |body: &Body| matches!(body, Body::Thought(..));
        let new = || Body::Thought(Text::default(), name.to_owned());
        if let Some(Body::Thought(text, _)) = self.parts.open(at, is_thought, self.room, new) {
            text.push(piece, self.room);
        }
    }

    /// Adds to the tool call at a place.
    pub(crate) fn call(&mut self, at: At, piece: CallPiece<'_>) {
        if [piece.id, piece.name, piece.arguments].iter().all(|said| said.is_empty()) {
            return;
        }
        let is_call = |body: &Body| at != At::End && matches!(body, Body::Call(_));
        if let Some(Body::Call(call)) =
            self.parts.open(at, is_call, self.room, || Body::Call(Call::default()))
        {
            call.add(piece, self.room);
        }
    }

    /// Adds to the tool call that a piece can belong to, or begins one. Places of calls begin at `first`.
    pub(crate) fn call_piece(&mut self, first: u64, piece: CallPiece<'_>) {
        let calls = self.parts.list.iter().filter(|part| part.place >= first);
        let found = calls.rev().find_map(|part| match &part.body {
            Body::Call(call) if piece.continues(call) => Some(part.place),
            _ => None,
        });
        let next = || self.parts.list.last().map_or(first, |last| first.max(last.place.saturating_add(1)));
        self.call(At::Place(found.unwrap_or_else(next)), piece);
    }

    /// Adds to one argument of the last tool call, where each argument comes with its path.
    pub(crate) fn argument(&mut self, path: &str, value: &Json<'_>) {
        let last = self.parts.list.iter_mut().rev().find_map(|part| match &mut part.body {
            Body::Call(call) => Some(call),
            _ => None,
        });
        if let Some(call) = last {
            call.add_argument(path, value, self.room);
        }
    }

    /// Adds a piece that has the arguments of its call from their beginning on.
    pub(crate) fn call_so_far(&mut self, first: u64, piece: CallPiece<'_>) {
        let known = self.parts.list.iter().rev().find_map(|part| match &part.body {
            Body::Call(call) if piece.continues(call) => Some(call.arguments_len()),
            _ => None,
        });
        let arguments = piece.arguments.get(known.unwrap_or(0)..).unwrap_or_default();
        self.call_piece(first, CallPiece { arguments, ..piece });
    }

    /// Adds the result of a tool: a text, a list of parts, or anything else.
    pub(crate) fn result(&mut self, at: At, part: ResultPart<'_>, value: &Json<'_>) {
        self.add_result(at, part, value, true);
    }

    /// Adds a piece of the result of a tool. Fields that are known stay.
    pub(crate) fn result_piece(&mut self, at: At, part: ResultPart<'_>, value: &Json<'_>) {
        self.add_result(at, part, value, false);
    }

    fn add_result(&mut self, at: At, part: ResultPart<'_>, value: &Json<'_>, is_whole: bool) {
        let is_result = |body: &Body| at != At::End && matches!(body, Body::Result(..));
        let new = || Body::Result(ToolResult::default(), Text::default());
        if let Some(Body::Result(result, text)) = self.parts.open(at, is_result, self.room, new) {
            if is_whole {
                (*result, *text) = Default::default();
            }
            for (label, said) in
                [(&mut result.tool_id, part.id), (&mut result.name, part.name), (&mut result.kind, part.kind)]
            {
                if label.is_empty() {
                    *label = self.room.label(said);
                }
            }
            text.push(&result_text(value), self.room);
        }
        self.room.has_content = true;
    }

    /// Adds a note in place of a part that is no text.
    pub(crate) fn note(&mut self, at: At, note: &str) {
        let note = self.room.label(note);
        if let Some(Body::Note(place)) =
            self.parts.open(at, |_| false, self.room, || Body::Note(String::new()))
        {
            *place = note;
            self.room.has_content = true;
        }
    }

    /// Adds a piece of a sound in base64, of which only the size is kept.
    pub(crate) fn sound(&mut self, at: At, base64: &str) {
        self.media(at, "audio", "", base64);
    }

    /// Adds a piece of bytes in base64, of which only the size is kept. `kind` is what they are. Later pieces may have no media type.
    pub(crate) fn media(&mut self, at: At, kind: &str, mime: &str, base64: &str) {
        let is_media = |body: &Body| match body {
            Body::Media(known, known_mime, _) => known == kind && (mime.is_empty() || known_mime == mime),
            _ => false,
        };
        let new = || Body::Media(String::new(), String::new(), 0);
        if let Some(Body::Media(known_kind, known_mime, bytes)) =
            self.parts.open(at, is_media, self.room, new)
        {
            for (label, said) in [(known_kind, kind), (known_mime, mime)] {
                if label.is_empty() {
                    *label = self.room.label(said);
                }
            }
            *bytes = bytes.saturating_add(media::bytes_of(base64));
            self.room.has_content = true;
        }
    }

    /// Adds notes, and texts between them.
    pub(crate) fn lines(&mut self, at: At, lines: &[Line<'_>]) {
        for line in lines {
            match line {
                Line::Note(note) => self.note(at, note),
                Line::Text(text) => self.passage(at, text),
            }
        }
    }

    /// Adds a note in place of a part that is not understood.
    pub(crate) fn unknown(&mut self, at: At, part: &Json<'_>) {
        self.note(at, &media::unknown(part));
    }

    /// Forgets the parts at the places of a range: what follows has them as a whole.
    pub(crate) fn forget(&mut self, places: &Range<u64>) {
        self.parts.list.retain(|part| {
            let is_kept = !places.contains(&part.place);
            if !is_kept {
                part.body.leave(self.room);
            }
            is_kept
        });
    }

    /// What is left of the role of the parts.
    pub(crate) fn has_parts(&self) -> bool {
        !self.parts.list.is_empty()
    }
}

impl Body {
    /// Gives back what it took.
    fn leave(&self, room: &mut Room) {
        room.give_entry();
        match self {
            Self::Text(text) | Self::Thought(text, _) | Self::Passage(text) => text.leave(room),
            Self::Call(call) => call.leave(room),
            Self::Result(result, text) => {
                for label in [&result.tool_id, &result.name, &result.kind] {
                    room.give(label);
                }
                text.leave(room);
            }
            Self::Note(note) => room.give(note),
            Self::Media(kind, mime, _) => [kind, mime].into_iter().for_each(|label| room.give(label)),
            Self::Begin => {}
        }
    }
}

impl Parts {
    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.iter().all(|part| matches!(part.body, Body::Begin))
    }

    /// The part at a place, which is made if there is none of the kind. `None` if there are too many.
    fn open(
        &mut self,
        at: At,
        fits: impl Fn(&Body) -> bool,
        room: &mut Room,
        new: impl FnOnce() -> Body,
    ) -> Option<&mut Body> {
        let index = match at {
            At::End | At::Next => match self.list.last() {
                Some(last) if at == At::End && fits(&last.body) => self.list.len() - 1,
                last => {
                    let place = last.map_or(0, |last| last.place.saturating_add(1));
                    room.entry()?;
                    self.list.push(Part { place, body: new() });
                    self.list.len() - 1
                }
            },
            At::Place(place) => {
                // Parts of another kind at the same place follow each other.
                let from = self.list.partition_point(|part| part.place < place);
                let to = self.list.partition_point(|part| part.place <= place);
                let found =
                    (from..to).find(|index| self.list.get(*index).is_some_and(|part| fits(&part.body)));
                if let Some(index) = found {
                    index
                } else {
                    room.entry()?;
                    self.list.insert(to, Part { place, body: new() });
                    to
                }
            }
        };
        self.list.get_mut(index).map(|part| &mut part.body)
    }

    /// Appends the messages that the parts become. `is_answer` says that a model gave them.
    pub(crate) fn into_messages(self, is_answer: bool, messages: &mut Vec<Message>) {
        let is_answer = is_answer || self.is_answer;
        let role = match (self.role.is_empty(), is_answer) {
            (true, true) => ASSISTANT.to_owned(),
            _ => self.role,
        };
        let before = messages.len();
        let mut builder = Builder { role, is_answer, glued: false, messages, is_open: false };
        for part in self.list {
            builder.add(part.body);
        }
        if builder.messages.len() == before {
            let role = std::mem::take(&mut builder.role);
            builder.messages.push(Message::new(role, ""));
        }
    }
}

/// Puts parts into messages.
struct Builder<'a> {
    role: String,
    is_answer: bool,
    /// Whether a text goes on at the end of the last message as it is.
    glued: bool,
    messages: &'a mut Vec<Message>,
    /// Whether the last message is one of these parts, and more may go there.
    is_open: bool,
}

impl Builder<'_> {
    /// The last message, if it has the role and takes more, or a new one.
    fn message(&mut self, role: &str, takes: impl FnOnce(&Message) -> bool) -> Option<&mut Message> {
        let goes_on =
            self.is_open && self.messages.last().is_some_and(|last| last.role == role && takes(last));
        if !goes_on {
            self.messages.push(Message::new(role, ""));
            self.is_open = true;
            self.glued = false;
        }
        self.messages.last_mut()
    }

    fn is_text_alone(message: &Message) -> bool {
        message.tool_calls.is_empty() && message.tool_results.is_empty()
    }

    fn add(&mut self, body: Body) {
        let role = self.role.clone();
        match body {
            Body::Text(text) => {
                let separator = if self.glued { "" } else { "\n" };
                let Some(message) = self.message(&role, Self::is_text_alone) else { return };
                append(&mut message.content, &text.into_string(), separator);
                self.glued = role == ASSISTANT;
            }
            Body::Passage(text) => self.add(Body::Note(text.into_string())),
            Body::Note(note) => {
                let Some(message) = self.message(&role, Self::is_text_alone) else { return };
                let separator = if message.content.ends_with('\n') { "" } else { "\n" };
                append(&mut message.content, &note, separator);
                self.glued = false;
            }
            Body::Media(kind, mime, bytes) => {
                let separator = if mime.is_empty() { "" } else { ", " };
                self.add(Body::Note(format!("[{kind}: {mime}{separator}{bytes} bytes]")));
            }
            Body::Thought(text, name) => {
                let text = if text.is_empty() { format!("[{name}]") } else { text.into_string() };
                let Some(message) = self.message(REASONING, |_| true) else { return };
                append(&mut message.content, &text, "\n\n");
            }
            Body::Call(call) => {
                let Some(message) = self.message(&role, |last| last.tool_results.is_empty()) else { return };
                message.tool_calls.push(call.into_call());
            }
            Body::Result(mut result, text) => {
                result.result = text.into_string();
                let role = if self.is_answer && role == ASSISTANT { TOOL } else { &role };
                let Some(message) = self.message(role, |_| true) else { return };
                message.tool_results.push(result);
            }
            Body::Begin => self.is_open = false,
        }
    }
}

/// Appends a text, with what separates it from the text before.
fn append(content: &mut String, text: &str, separator: &str) {
    if !content.is_empty() && !text.is_empty() {
        content.push_str(separator);
    }
    if content.is_empty() { text.clone_into(content) } else { content.push_str(text) }
}

/// The role under the name that most providers have for it.
fn role_of(role: &str) -> &str {
    match role {
        "model" | "CHATBOT" | "chatbot" => ASSISTANT,
        "USER" => "user",
        "SYSTEM" => "system",
        "TOOL" => TOOL,
        other => other,
    }
}

/// The text of what a tool returned: a text as it is, the texts of a list of parts, or the JSON of anything else.
pub(crate) fn result_text(value: &Json<'_>) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone().into_owned(),
        Json::Array(parts) if !parts.is_empty() => {
            let texts: Option<Vec<_>> = parts.iter().map(part_text).collect();
            texts.map_or_else(|| value.to_text(), |texts| texts.join("\n"))
        }
        Json::Object(_) if value.str("type") == "text" => value.str("text").to_owned(),
        other => other.to_text(),
    }
}

/// The text of a part of a result. `None` if it is no part.
fn part_text(part: &Json<'_>) -> Option<String> {
    if let Some(text) = part.as_str() {
        return Some(text.to_owned());
    }
    let text = part.get("text").as_str();
    match (part.str("type"), part.fields()) {
        ("text" | "input_text" | "output_text", _) => text.map(str::to_owned),
        ("", [(name, inner)]) => match name.as_ref() {
            // Bedrock's parts are named by their only key.
            "text" => inner.as_str().map(str::to_owned),
            "json" => Some(inner.to_text()),
            _ => media::bedrock::media_note(name, inner),
        },
        _ => media::mcp::media_note(part)
            .or_else(|| media::rig::media_note(part))
            .or_else(|| media::anthropic::media_note(part))
            .or_else(|| media::openai::media_note(part)),
    }
}

/// The arguments of a call as the text that pieces of arguments are.
pub(crate) fn arguments_text(arguments: &Json<'_>) -> String {
    match arguments {
        Json::Null => String::new(),
        Json::String(text) => text.clone().into_owned(),
        Json::Object(_) => arguments.to_text(),
        other => {
            let mut text = String::new();
            push_json_string("value", &mut text);
            format!("{{{text}:{}}}", other.to_text())
        }
    }
}

#[cfg(test)]
mod tests;
