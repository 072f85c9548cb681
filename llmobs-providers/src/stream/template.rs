//! The last event of a stream, if its only content was a piece of text.
//!
//! Most events of a response differ from the previous event only in this piece, and in a field of random length that some providers add.
//! Such events are not parsed.

use std::ops::Range;

use llmobs_capture::text::plain_prefix;

use crate::room::EventContent;
use crate::turn::At;

/// The beginning of a field with random letters, which are not content.
const PADDING: &[u8] = b"\"obfuscation\":\"";

/// An event whose piece of text can vary.
#[derive(Debug, Default)]
pub(super) struct Template {
    name: String,
    data: Vec<u8>,
    /// The range of the piece in the data. The padding is before or after it.
    piece: Range<usize>,
    padding: Option<Range<usize>>,
    place: Option<(u64, At)>,
}

impl Template {
    /// Stores an event if its only content is one piece of text, and the piece is a slice of its data.
    pub(super) fn learn(&mut self, name: &str, data: &[u8], content: EventContent) {
        self.place = None;
        let EventContent::Text { choice, at, start, len } = content else { return };
        let Some(start) = start.checked_sub(data.as_ptr().addr()) else { return };
        let piece = start..start.saturating_add(len);
        if data.get(piece.end) != Some(&b'"') {
            return;
        }
        self.place = Some((choice, at));
        self.piece = piece;
        self.padding = data.windows(PADDING.len()).position(|window| window == PADDING).map(|at| {
            let start = at + PADDING.len();
            start..start + plain_prefix(data.get(start..).unwrap_or_default())
        });
        name.clone_into(&mut self.name);
        self.data.clear();
        self.data.extend_from_slice(data);
    }

    /// Returns the piece of an event with its choice and position, if the event differs from the stored one only in the piece and padding.
    pub(super) fn piece<'e>(&self, name: &str, data: &'e [u8]) -> Option<(u64, At, &'e str)> {
        let (choice, at) = self.place?;
        let mut rest = data;
        let mut from = 0;
        let mut piece = None;
        let padding = self.padding.clone();
        let (first, second) = match padding {
            Some(padding) if padding.start < self.piece.start => (Some(padding), Some(self.piece.clone())),
            padding => (Some(self.piece.clone()), padding),
        };
        for hole in [first, second].into_iter().flatten() {
            rest = rest.strip_prefix(self.data.get(from..hole.start)?)?;
            let text = rest.get(..plain_prefix(rest))?;
            rest = rest.get(text.len()..)?;
            if hole == self.piece {
                piece = Some(text);
            }
            from = hole.end;
        }
        let is_same = name == self.name && self.data.get(from..) == Some(rest);
        let text = std::str::from_utf8(piece.filter(|_| is_same)?).ok()?;
        Some((choice, at, text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ResponseReader;

    /// Returns the content of a stream of these events, read with templates and with all events parsed.
    fn read(events: &[String]) -> [String; 2] {
        let mut stream = ResponseReader::new();
        let mut one_by_one = ResponseReader::new();
        for event in events {
            let at_once = stream.push(format!("data: {event}\n\n").as_bytes());
            assert_eq!(Some(at_once), one_by_one.push_event(event), "{event}");
        }
        [stream, one_by_one].map(|reader| serde_json::to_string_pretty(&reader.finish()).unwrap())
    }

    fn same(events: &[String], expected: &[&str]) {
        let [stream, one_by_one] = read(events);
        assert_eq!(stream, one_by_one);
        let response: serde_json::Value = serde_json::from_str(&stream).unwrap();
        let contents: Vec<_> =
            response["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
        assert_eq!(contents, expected);
    }

    fn chat(choice: u32, text: &str, more: &str) -> String {
        format!(
            r#"{{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{{"index":{choice},"delta":{{"content":"{text}"}}{more}}}]}}"#
        )
    }

    #[test]
    fn pieces_are_read_like_parsed_events() {
        let texts = ["a", "b", "", r"\n", "c\u{e9}", r#"\"q\""#, "d", "d", "{}", "]}"];
        let events: Vec<String> = texts.iter().map(|text| chat(0, text, "")).collect();
        same(&events, &["ab\nc\u{e9}\"q\"dd{}]}"]);
    }

    #[test]
    fn pieces_of_choices_can_alternate() {
        let events = [(0, "a"), (0, "b"), (1, "x"), (1, "y"), (0, "c"), (1, "z")]
            .map(|(choice, text)| chat(choice, text, ""));
        same(&events, &["abc", "xyz"]);
    }

    #[test]
    fn an_event_with_other_data_is_parsed() {
        let reason = |text| chat(0, text, r#","finish_reason":"stop""#);
        let both = |text| {
            format!(
                r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}},{{"index":1,"delta":{{"content":"{text}"}}}}]}}"#
            )
        };
        let thought =
            |text| format!(r#"{{"choices":[{{"index":0,"delta":{{"reasoning_content":"{text}"}}}}]}}"#);
        let events = [
            chat(0, "a", ""),
            reason("b"),
            reason("c"),
            both("d"),
            both("e"),
            thought("f"),
            thought("g"),
            chat(0, "h", ""),
            chat(0, "i", ""),
        ];
        same(&events, &["fg", "abcdehi", "de"]);
    }

    #[test]
    fn padding_can_differ() {
        for (before, after) in [("", r#","obfuscation":"PAD""#), (r#""obfuscation":"PAD","#, "")] {
            let event = |text: &str, pad: &str| {
                let event = format!(
                    r#"{{{before}"object":"chat.completion.chunk","choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]{after}}}"#
                );
                event.replace("PAD", pad)
            };
            let events = [
                event("a", "xy"),
                event("b", "z"),
                event("c", ""),
                event("obfuscation", "q\\\"q"),
                event("d", "q"),
            ];
            same(&events, &["abcobfuscationd"]);
        }
    }

    #[test]
    fn other_protocols_have_pieces_too() {
        let delta = |text: &str| {
            format!(
                r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
            )
        };
        let call = |json: &str| {
            format!(
                r#"{{"type":"content_block_delta","index":1,"delta":{{"type":"input_json_delta","partial_json":"{json}"}}}}"#
            )
        };
        let start = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#;
        let events = [delta("a"), delta("b"), start.to_owned(), call("{"), call("}"), delta("c"), delta("d")];
        same(&events, &["abcd"]);
        let line = |text: &str| {
            format!(r#"{{"model":"m","message":{{"role":"assistant","content":"{text}"}},"done":false}}"#)
        };
        same(&[line("a"), line("b"), line("c")], &["abc"]);
    }

    #[test]
    fn another_event_name_is_another_template() {
        let mut reader = ResponseReader::new();
        let event = |name: &str, text: &str| format!("event: {name}\ndata: {}\n\n", chat(0, text, ""));
        reader.push(event("message", "a").as_bytes());
        reader.push(event("message", "b").as_bytes());
        reader.push(event("error", "c").as_bytes());
        assert_eq!(reader.finish().messages[0].content, "abc");
    }
}
