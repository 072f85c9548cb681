//! Notes that replace images, audio and files: their kind, their type and their size, or their location.

pub(crate) mod anthropic;
pub(crate) mod bedrock;
pub(crate) mod mcp;
pub(crate) mod openai;
pub(crate) mod rig;

use llmobs_capture::text::CUT;

use crate::json::Json;
use crate::url::without_credentials;

/// The known data of a part that is not text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Media<'a> {
    /// Such as `image`.
    pub(crate) kind: &'a str,
    /// The name of its file.
    pub(crate) name: &'a str,
    /// The media type.
    pub(crate) mime: &'a str,
    /// The bytes in base64, a data URI, a URL or the id of a file.
    pub(crate) source: &'a str,
}

impl Media<'_> {
    /// Returns the note, such as `[image: image/png, 1234 bytes]`.
    pub(crate) fn note(self, is_base64: bool) -> String {
        let (mime, source) = match data_uri(self.source) {
            Some((mime, data)) => (mime, Source::Bytes(bytes_of(data))),
            None if self.source.is_empty() => ("", Source::None),
            None if is_base64 => ("", Source::Bytes(bytes_of(self.source))),
            None => ("", Source::Place(self.source)),
        };
        let mime = if self.mime.is_empty() { mime } else { self.mime };
        let mut facts: Vec<String> = [self.name, mime]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| without_credentials(text).into_owned())
            .collect();
        match source {
            Source::Bytes(bytes) => facts.push(format!("{bytes} bytes")),
            Source::Place(place) => facts.push(without_credentials(place).into_owned()),
            Source::None => {}
        }
        if facts.is_empty() {
            format!("[{}]", self.kind)
        } else {
            format!("[{}: {}]", self.kind, facts.join(", "))
        }
    }
}

enum Source<'a> {
    None,
    Bytes(usize),
    Place(&'a str),
}

/// A line that replaces a part that is not text, or one that is a text with a name.
#[derive(Debug)]
pub(crate) enum Line<'a> {
    Note(String),
    Text(&'a str),
}

/// Returns the lines as one text.
pub(crate) fn join(lines: &[Line<'_>]) -> String {
    let lines = lines.iter().map(|line| match line {
        Line::Note(note) => note,
        Line::Text(text) => *text,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the note that replaces a part of which only the name is known. A part that was cut is already a note.
pub(crate) fn unknown(part: &Json<'_>) -> String {
    if let Some(note) = part.get(CUT).as_str() {
        return note.to_owned();
    }
    let name = match part.str("type") {
        "" => part.fields().first().map_or("", |(name, _)| name.as_ref()),
        name => name,
    };
    format!("[{}]", if name.is_empty() { "unknown" } else { name })
}

/// Returns the note that replaces a data URI with media.
pub(crate) fn of_uri(uri: &str) -> Option<String> {
    let (mime, data) = data_uri(uri)?;
    let is_kind = |kind: &&str| ["image", "audio", "video"].contains(kind);
    let kind = mime.split('/').next().filter(is_kind).unwrap_or("file");
    let is_base64 =
        |data: &str| data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte));
    let note = || Media { kind, source: uri, ..Media::default() }.note(true);
    (data.starts_with(CUT) || is_base64(data)).then(note)
}

/// Returns the media type and the data of a data URI.
fn data_uri(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_at_checked("data:".len())?;
    let (head, data) = rest.split_once(',').filter(|_| scheme.eq_ignore_ascii_case("data:"))?;
    let head = head.split_at_checked(head.len().checked_sub(";base64".len())?)?;
    head.1.eq_ignore_ascii_case(";base64").then_some((head.0, data))
}

/// Returns the number of bytes that a base64 text encodes. The note in a shortened text has the number of the characters that it replaces.
pub(crate) fn bytes_of(base64: &str) -> usize {
    let (before, left_out, after) = shortened(base64).unwrap_or(("", 0, base64));
    let characters = before.len().saturating_add(left_out).saturating_add(after.trim_end_matches('=').len());
    characters / 4 * 3 + (characters % 4) * 3 / 4
}

/// Returns the text before the note of a shortened text, the number in the note, and the text after it.
fn shortened(text: &str) -> Option<(&str, usize, &str)> {
    let (before, note) = text.split_once("… [")?;
    let (note, after) = note.split_once(']')?;
    Some((before, note.split(' ').next()?.parse().ok()?, after.strip_prefix(" …").unwrap_or(after)))
}

#[cfg(test)]
mod tests {
    use super::bytes_of;

    #[test]
    fn base64_has_a_size() {
        let sizes = ["", "AA==", "AAA=", "AAAA", "AA", "AAA", "AAAAAA"].map(bytes_of);
        assert_eq!(sizes, [0, 1, 2, 3, 1, 2, 4]);
    }

    #[test]
    fn shortened_base64_has_its_original_size() {
        let sizes =
            ["… [4000 bytes of base64]", "… [4002 bytes]", "AAAA… [4000 bytes left out] …AA=="].map(bytes_of);
        assert_eq!(sizes, [3000, 3001, 3004]);
        let strange = ["… [", "… []", "… [x bytes]", "… [18446744073709551615 bytes left out] …AAAA"];
        let _ = strange.map(bytes_of);
    }
}
