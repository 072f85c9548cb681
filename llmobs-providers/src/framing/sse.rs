//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use super::RawEvent;
use super::slim::Buffer;

/// The field with the data.
const DATA: &[u8] = b"data:";
/// The longest name of a field or event, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// Collects the fields of events.
#[derive(Debug, Default)]
pub(crate) struct ServerSentEvents {
    /// The name of the field, up to its colon, or the whole line if it is not `data`.
    line: Vec<u8>,
    /// Whether the line is a `data` line, and its space was skipped.
    in_data: Option<bool>,
    name: String,
    data: Buffer,
    has_data: bool,
    after_cr: bool,
}

impl ServerSentEvents {
    pub(super) fn push(&mut self, bytes: &[u8], limit: usize, each: &mut dyn FnMut(RawEvent<'_>)) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', rest);
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.add(piece, limit);
            let Some(break_byte) = after.first() else { return };
            self.after_cr = *break_byte == b'\r';
            rest = after.get(1..).unwrap_or_default();
            self.end_line(each);
        }
    }

    /// Adds a piece of a line.
    fn add(&mut self, mut piece: &[u8], limit: usize) {
        if self.in_data.is_none() {
            // The name of the field may be cut.
            let (head, tail) = piece.split_at(DATA.len().saturating_sub(self.line.len()).min(piece.len()));
            self.line.extend_from_slice(head);
            if self.line != DATA {
                let room = MAX_NAME_BYTES.saturating_sub(self.line.len());
                self.line.extend_from_slice(tail.get(..room).unwrap_or(tail));
                return;
            }
            self.line.clear();
            piece = tail;
            self.begin_data();
        }
        if let Some(passed @ false) = &mut self.in_data
            && let Some(first) = piece.first()
        {
            *passed = true;
            if *first == b' ' {
                piece = piece.get(1..).unwrap_or_default();
            }
        }
        self.data.push(piece, limit);
    }

    fn begin_data(&mut self) {
        if self.has_data {
            self.data.push(b"\n", usize::MAX);
        }
        self.has_data = true;
        self.in_data = Some(false);
    }

    fn end_line(&mut self, each: &mut dyn FnMut(RawEvent<'_>)) {
        if self.in_data.take().is_some() {
            return;
        }
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.dispatch(false, each);
        } else if let Some(name) = line.strip_prefix(b"event:") {
            self.name = String::from_utf8_lossy(name).trim().to_owned();
        }
        self.line = line;
        self.line.clear();
    }

    fn dispatch(&mut self, is_last: bool, each: &mut dyn FnMut(RawEvent<'_>)) {
        let name = std::mem::take(&mut self.name);
        if std::mem::take(&mut self.has_data) {
            let event = RawEvent { name: &name, is_last, ..RawEvent::default() };
            self.data.take(is_last, |data| each(RawEvent { data, ..event }));
        }
    }

    /// Servers that end early omit the blank line of the last event.
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(RawEvent<'_>)) {
        self.dispatch(true, each);
    }
}
