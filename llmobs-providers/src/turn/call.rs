//! Tool calls, assembled from the pieces in events.

use super::paths::Arguments;
use crate::json::Json;
use crate::message::{ToolCall, arguments_of};
use crate::room::{Room, Text};

/// A tool call that is being read.
#[derive(Debug, Default)]
pub(super) struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    kind: String,
    arguments: Text,
    /// Arguments that arrived one by one.
    by_path: Arguments,
}

/// The piece of a tool call in one event. Fields that the event does not have are empty.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallPiece<'a> {
    pub(crate) index: Option<u64>,
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// The provider's type of such calls.
    pub(crate) kind: &'a str,
    /// The next piece of the JSON text of the arguments.
    pub(crate) arguments: &'a str,
}

impl CallPiece<'_> {
    /// Returns whether the piece can belong to the call.
    ///
    /// Depending on the provider, there is an index; an id and a name, once or in every event; a new id in every event; one index for
    /// several whole calls; or only a name, at the beginning of each call.
    pub(super) fn continues(&self, call: &Call) -> bool {
        let (unnamed, indexed) = (self.name.is_empty(), self.index.is_some());
        let index = !indexed || call.index.is_none() || self.index == call.index;
        let id = self.id.is_empty() || call.id.is_empty() || self.id == call.id || unnamed && indexed;
        let repeated = self.name == call.name && (indexed || !self.id.is_empty());
        index && id && (unnamed || call.name.is_empty() || repeated)
    }
}

impl Call {
    pub(super) fn add(&mut self, piece: CallPiece<'_>, room: &mut Room) {
        self.index = self.index.or(piece.index);
        for (label, value) in
            [(&mut self.id, piece.id), (&mut self.name, piece.name), (&mut self.kind, piece.kind)]
        {
            if label.is_empty() && !value.is_empty() {
                *label = room.label(value);
                room.has_content = true;
            }
        }
        self.arguments.push(piece.arguments, room);
    }

    pub(super) fn add_argument(&mut self, path: &str, value: &Json<'_>, room: &mut Room) {
        self.by_path.add(path, value, room);
    }

    /// Gives back the bytes that the call took.
    pub(super) fn leave(&self, room: &mut Room) {
        for label in [&self.id, &self.name, &self.kind] {
            room.give(label);
        }
        self.arguments.leave(room);
    }

    /// Returns the length of all arguments, in bytes.
    pub(super) const fn arguments_len(&self) -> usize {
        self.arguments.len()
    }

    pub(super) fn into_call(self) -> ToolCall {
        ToolCall {
            name: self.name,
            arguments: self.by_path.into_map(arguments_of(&self.arguments.into_string())),
            tool_id: self.id,
            kind: self.kind,
        }
    }
}
