//! Tool calls, put together from the pieces in events.

use super::room::{Room, Text, quoted};

/// A tool call so far.
#[derive(Default)]
pub(super) struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: Text,
}

/// The piece of a tool call in one event. Fields that the event does not have are empty.
#[derive(Clone, Copy, Default)]
pub(super) struct CallDelta<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
}

impl CallDelta<'_> {
    /// Adds this to the last call that it can belong to, or begins one.
    pub(super) fn add_to(self, calls: &mut Vec<Call>, room: &mut Room) {
        if [self.id, self.name, self.arguments].iter().all(|said| said.is_empty()) {
            return;
        }
        if !calls.iter().any(|call| self.continues(call)) && room.entry().is_some() {
            calls.push(Call { index: self.index, ..Call::default() });
        }
        if let Some(call) = calls.iter_mut().rfind(|call| self.continues(call)) {
            for (label, said) in [(&mut call.id, self.id), (&mut call.name, self.name)] {
                if label.is_empty() {
                    *label = room.label(said);
                }
            }
            call.arguments.push(self.arguments, room);
        }
    }

    /// Whether the piece can belong to the call.
    ///
    /// Providers send an index; an id and name, once or in every event; a new id in every event; one index for several
    /// whole calls; or nothing but a name, with which each call begins.
    fn continues(self, call: &Call) -> bool {
        let (unnamed, indexed) = (self.name.is_empty(), self.index.is_some());
        let index = !indexed || call.index.is_none() || self.index == call.index;
        let id = self.id.is_empty() || call.id.is_empty() || self.id == call.id || unnamed && indexed;
        let repeated = self.name == call.name && (indexed || !self.id.is_empty());
        index && id && (unnamed || call.name.is_empty() || repeated)
    }
}

impl Call {
    /// OpenAI's form, where the arguments are a text.
    pub(super) fn to_json(&self) -> String {
        let (id, name, arguments) = (quoted(&self.id), quoted(&self.name), self.arguments.to_json());
        format!(r#"{{"id":{id},"type":"function","function":{{"name":{name},"arguments":{arguments}}}}}"#)
    }
}
