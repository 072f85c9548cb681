//! Events in the store: the JSON text without its long strings. Each long string is stored once.
//!
//! The same prompt occurs in each turn of a conversation, in the output of one span and the input of the next. The JSON is split as text
//! and not as values, so that [`join`] returns the event byte for byte as it arrived.

use memchr::{memchr, memchr2};

use super::block::{BlockReader, Position, damaged};
use super::error::ReadError;

/// Strings of this many bytes or more are stored separately.
pub(super) const LONG: usize = 64;
/// The most strings of an event to store separately. Each may be in a different block.
const MOST: usize = 4_096;

/// An event without its long strings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SplitEvent<'a> {
    /// The text without the strings.
    rest: String,
    /// The strings, each with its place in `rest`, in ascending order.
    pub(super) strings: Vec<(usize, &'a str)>,
}

/// Splits the long strings off a JSON text, with their escapes unchanged.
pub(super) fn split(json: &str) -> SplitEvent<'_> {
    let mut rest = String::with_capacity(json.len().min(2_048));
    let mut long = Vec::new();
    // The start of the text that is not copied yet.
    let mut from = 0;
    for (start, end) in strings(json.as_bytes()).filter(|(start, end)| end - start >= LONG).take(MOST) {
        // Quotes are ASCII, so these are character boundaries.
        let (Some(before), Some(string)) = (json.get(from..start), json.get(start..end)) else { continue };
        rest.push_str(before);
        long.push((rest.len(), string));
        from = end;
    }
    rest.push_str(json.get(from..).unwrap_or_default());
    SplitEvent { rest, strings: long }
}

/// The ranges of the strings in a JSON text, without their quotes.
fn strings(json: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr(b'"', json.get(at..)?)? + 1;
        let mut end = start;
        loop {
            end += memchr2(b'"', b'\\', json.get(end..)?)?;
            if json.get(end) == Some(&b'"') {
                break;
            }
            end += 2;
        }
        at = end + 1;
        Some((start, end))
    })
}

impl SplitEvent<'_> {
    /// Returns the text to store for the event: a line with the place and position of each string, a line per preview, and the rest of
    /// the JSON.
    pub(super) fn encode(
        &self,
        positions: impl IntoIterator<Item = Position>,
        [input, output]: [&String; 2],
    ) -> String {
        let mut text = String::with_capacity(self.rest.len() + 16 * self.strings.len() + 512);
        for ((place, _), position) in self.strings.iter().zip(positions) {
            text.push_str(&format!("{place:x} {position:x} "));
        }
        for line in [input, output] {
            text.push('\n');
            text.extend(line.chars().map(|char| if char == '\n' { ' ' } else { char }));
        }
        text.push('\n');
        text.push_str(&self.rest);
        text
    }
}

/// Splits a stored text into its parts: the strings, both previews, and the rest of the JSON.
fn parts(text: &str) -> Option<[&str; 4]> {
    let mut lines = text.splitn(4, '\n');
    Some([lines.next()?, lines.next()?, lines.next()?, lines.next()?])
}

/// Reads the previews of the input and the output of a span.
pub(super) fn previews(
    reader: &mut BlockReader<'_>,
    position: Position,
) -> Result<(String, String), ReadError> {
    let [_, input, output, _] = parts(reader.text(position)?).ok_or_else(damaged)?;
    Ok((input.to_owned(), output.to_owned()))
}

/// Reads the JSON text of an event as it arrived.
pub(super) fn join(reader: &mut BlockReader<'_>, position: Position) -> Result<String, ReadError> {
    let text = reader.text(position)?.to_owned();
    let [strings, _, _, rest] = parts(&text).ok_or_else(damaged)?;
    let mut numbers = strings.split_ascii_whitespace();
    let mut json = String::with_capacity(rest.len());
    let mut from = 0;
    while let (Some(place), Some(position)) = (numbers.next(), numbers.next()) {
        let place = usize::from_str_radix(place, 16).map_err(|_| damaged())?;
        let position = Position::from_str_radix(position, 16).map_err(|_| damaged())?;
        json.push_str(rest.get(from..place).ok_or_else(damaged)?);
        json.push_str(reader.text(position)?);
        from = place;
    }
    json.push_str(rest.get(from..).ok_or_else(damaged)?);
    Ok(json)
}
