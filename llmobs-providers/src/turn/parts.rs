//! The parts, with their positions.

use super::call::Call;
use crate::message::ToolResult;
use crate::room::{At, EventContent, Room, Text};

/// The parts of one choice of a response, or of one message of a request.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(super) role: String,
    /// Whether a model produced them, even if they are in a request.
    pub(super) is_answer: bool,
    /// The parts, in the order of their positions.
    pub(super) list: Vec<Part>,
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) place: u64,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Text(Text),
    /// A text on separate lines, such as that of a document.
    Passage(Text),
    /// A thought of the model, and the provider's name of such a part.
    Thought(Text, String),
    Call(Call),
    /// The result of a tool, and whether it failed.
    Result(ToolResult, Text, bool),
    /// A note that replaces a part that is not text.
    Note(String),
    /// Bytes that are not text: their kind, their media type, and how many there are.
    Media(String, String, usize),
    /// The following parts are a separate message.
    Begin,
}

impl Body {
    /// Gives back the bytes that the part took.
    pub(super) fn leave(&self, room: &mut Room) {
        room.give_entry();
        match self {
            Self::Text(text) | Self::Thought(text, _) | Self::Passage(text) => text.leave(room),
            Self::Call(call) => call.leave(room),
            Self::Result(result, text, _) => {
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
    /// Returns whether there are no parts.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.iter().all(|part| matches!(part.body, Body::Begin))
    }

    /// Returns the last part that is a text.
    pub(super) fn last_text(&mut self) -> Option<&mut Text> {
        self.list.iter_mut().rev().find_map(|part| match &mut part.body {
            Body::Text(text) => Some(text),
            _ => None,
        })
    }

    /// Returns the part that fits at a position, or a new part if there is none. Returns `None` if there are too many parts.
    pub(super) fn open(
        &mut self,
        at: At,
        fits: impl Fn(&Body) -> bool,
        room: &mut Room,
        new: impl FnOnce() -> Body,
    ) -> Option<&mut Body> {
        room.event_content = EventContent::More;
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
                // Parts of another kind at the same position follow each other.
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
}
