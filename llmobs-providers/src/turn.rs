//! The parts of a model's output or of a user's message, in order, and their conversion to messages.

mod call;
mod messages;
mod parts;
mod paths;

use std::ops::Range;

use crate::json::Json;
use crate::media::{self, Line};
use crate::message::ToolResult;
pub(crate) use crate::room::At;
use crate::room::{EventContent, Room, Text};
use crate::texts::result_text;
use call::Call;
pub(crate) use call::CallPiece;
use parts::Body;
pub(crate) use parts::Parts;

/// The properties of a tool's result, as a provider's part contains them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResultPart<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
    /// Whether the tool failed.
    pub(crate) is_error: bool,
}

/// Adds to parts, within a budget.
pub(crate) struct Turn<'a> {
    parts: &'a mut Parts,
    pub(crate) room: &'a mut Room,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(parts: &'a mut Parts, room: &'a mut Room) -> Self {
        Self { parts, room }
    }

    /// Sets the role, unless it is empty or a role is already set.
    pub(crate) fn role(&mut self, role: &str) {
        if self.parts.role.is_empty() {
            self.parts.role = self.room.label(role_of(role));
        }
    }

    /// Marks the parts as an earlier response of the model.
    pub(crate) fn answered(&mut self) {
        self.parts.is_answer = true;
    }

    /// Begins a message that does not continue the previous one.
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
        let before = self.room.event_content;
        if let Some(Body::Text(text)) =
            self.parts.open(at, is_text, self.room, || Body::Text(Text::default()))
        {
            text.push(piece, self.room);
            if before == EventContent::Nothing {
                let (choice, start, len) = (self.room.choice, piece.as_ptr().addr(), piece.len());
                self.room.event_content = EventContent::Text { choice, at, start, len };
            }
        } else if let Some(text) = self.parts.last_text() {
            // There are too many parts: the piece is added to the last text.
            text.push("\n", self.room);
            text.push(piece, self.room);
        }
    }

    /// Adds to a text on separate lines.
    pub(crate) fn passage(&mut self, at: At, piece: &str) {
        let is_passage = |body: &Body| matches!(body, Body::Passage(_));
        if let Some(Body::Passage(text)) =
            self.parts.open(at, is_passage, self.room, || Body::Passage(Text::default()))
        {
            text.push(piece, self.room);
        }
    }

    /// Adds to a thought. `name` is the provider's name for such a part. It is shown if there is no text.
    pub(crate) fn thought(&mut self, at: At, name: &str, piece: &str) {
        let is_thought = |body: &Body| matches!(body, Body::Thought(..));
        let new = || Body::Thought(Text::default(), name.to_owned());
        if let Some(Body::Thought(text, _)) = self.parts.open(at, is_thought, self.room, new) {
            text.push(piece, self.room);
        }
    }

    /// Adds to the tool call at a position.
    pub(crate) fn call(&mut self, at: At, piece: CallPiece<'_>) {
        if [piece.id, piece.name, piece.arguments].iter().all(|text| text.is_empty()) {
            return;
        }
        let is_call = |body: &Body| at != At::End && matches!(body, Body::Call(_));
        if let Some(Body::Call(call)) =
            self.parts.open(at, is_call, self.room, || Body::Call(Call::default()))
        {
            call.add(piece, self.room);
        }
    }

    /// Adds to the tool call that the piece can belong to, or begins a new one. The positions of calls begin at `first`.
    pub(crate) fn call_piece(&mut self, first: u64, piece: CallPiece<'_>) {
        let calls = self.parts.list.iter().filter(|part| part.place >= first);
        let found = calls.rev().find_map(|part| match &part.body {
            Body::Call(call) if piece.continues(call) => Some(part.place),
            _ => None,
        });
        let next = || self.parts.list.last().map_or(first, |last| first.max(last.place.saturating_add(1)));
        self.call(At::Place(found.unwrap_or_else(next)), piece);
    }

    /// Adds to one argument of the last tool call, for arguments that arrive with their paths.
    pub(crate) fn argument(&mut self, path: &str, value: &Json<'_>) {
        let last = self.parts.list.iter_mut().rev().find_map(|part| match &mut part.body {
            Body::Call(call) => Some(call),
            _ => None,
        });
        if let Some(call) = last {
            self.room.event_content = EventContent::More;
            call.add_argument(path, value, self.room);
        }
    }

    /// Adds a piece that contains all arguments of its call so far, not only the new ones.
    pub(crate) fn call_so_far(&mut self, first: u64, piece: CallPiece<'_>) {
        let known = self.parts.list.iter().rev().find_map(|part| match &part.body {
            Body::Call(call) if piece.continues(call) => Some(call.arguments_len()),
            _ => None,
        });
        let arguments = piece.arguments.get(known.unwrap_or(0)..).unwrap_or_default();
        self.call_piece(first, CallPiece { arguments, ..piece });
    }

    /// Adds the result of a tool: a text, a list of parts, or any other value.
    pub(crate) fn result(&mut self, at: At, part: ResultPart<'_>, value: &Json<'_>) {
        self.add_result(at, part, value, true);
    }

    /// Adds a piece of the result of a tool. Fields that are already set are kept.
    pub(crate) fn result_piece(&mut self, at: At, part: ResultPart<'_>, value: &Json<'_>) {
        self.add_result(at, part, value, false);
    }

    fn add_result(&mut self, at: At, part: ResultPart<'_>, value: &Json<'_>, is_whole: bool) {
        let is_result = |body: &Body| at != At::End && matches!(body, Body::Result(..));
        let new = || Body::Result(ToolResult::default(), Text::default(), false);
        if let Some(Body::Result(result, text, is_error)) = self.parts.open(at, is_result, self.room, new) {
            if is_whole {
                (*result, *text, *is_error) = Default::default();
            }
            *is_error |= part.is_error;
            for (label, text) in
                [(&mut result.tool_id, part.id), (&mut result.name, part.name), (&mut result.kind, part.kind)]
            {
                if label.is_empty() {
                    *label = self.room.label(text);
                }
            }
            text.push(&result_text(value), self.room);
        }
        self.room.has_content = true;
    }

    /// Adds a note that replaces a part that is not text.
    pub(crate) fn note(&mut self, at: At, note: &str) {
        let note = self.room.label(note);
        if let Some(Body::Note(place)) =
            self.parts.open(at, |_| false, self.room, || Body::Note(String::new()))
        {
            *place = note;
            self.room.has_content = true;
        }
    }

    /// Adds a note that replaces a piece that is not understood, unless there is already a note.
    pub(crate) fn mark(&mut self, at: At, name: &str) {
        let is_note = |body: &Body| matches!(body, Body::Note(_));
        if let Some(Body::Note(note)) = self.parts.open(at, is_note, self.room, || Body::Note(String::new()))
            && note.is_empty()
        {
            *note = self.room.label(&format!("[{name}]"));
            self.room.has_content = true;
        }
    }

    /// Adds a piece of audio in base64, of which only the size is kept.
    pub(crate) fn sound(&mut self, at: At, base64: &str) {
        self.media(at, "audio", "", base64);
    }

    /// Adds a piece of media in base64, of which only the size is kept. `kind` is the kind of media. Later pieces may have no media type.
    pub(crate) fn media(&mut self, at: At, kind: &str, mime: &str, base64: &str) {
        let is_media = |body: &Body| match body {
            Body::Media(known, known_mime, _) => known == kind && (mime.is_empty() || known_mime == mime),
            _ => false,
        };
        let new = || Body::Media(String::new(), String::new(), 0);
        if let Some(Body::Media(known_kind, known_mime, bytes)) =
            self.parts.open(at, is_media, self.room, new)
        {
            for (label, text) in [(known_kind, kind), (known_mime, mime)] {
                if label.is_empty() {
                    *label = self.room.label(text);
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

    /// Adds a note that replaces a part that is not understood.
    pub(crate) fn unknown(&mut self, at: At, part: &Json<'_>) {
        self.note(at, &media::unknown(part));
    }

    /// Removes the parts in a range of positions, because later parts replace them.
    pub(crate) fn forget(&mut self, places: &Range<u64>) {
        self.room.event_content = EventContent::More;
        self.parts.list.retain(|part| {
            let is_kept = !places.contains(&part.place);
            if !is_kept {
                part.body.leave(self.room);
            }
            is_kept
        });
    }

    /// Returns whether there are parts.
    pub(crate) fn has_parts(&self) -> bool {
        !self.parts.list.is_empty()
    }
}

/// Returns the name that most providers use for a role.
fn role_of(role: &str) -> &str {
    match role {
        "model" | "CHATBOT" | "chatbot" => "assistant",
        "USER" => "user",
        "SYSTEM" => "system",
        "TOOL" => "tool",
        other => other,
    }
}

#[cfg(test)]
mod tests;
