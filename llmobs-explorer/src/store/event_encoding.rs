//! The encoding of stored events: long strings are split off their JSON text, compressed, and stored once each.
//!
//! The same prompt occurs in each turn of a conversation, in the output of one span and the input of the next. The JSON is split as
//! text, not as values, so that [`join`] returns what arrived, byte for byte.

use std::io;

use zstd::bulk::Compressor;

/// Strings of this many bytes or more are stored separately.
const LONG: usize = 1024;
/// The level at which zstd is still quick enough to keep up with a busy program.
const LEVEL: i32 = 3;
/// The largest event that is put together again: more than the intake takes.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// The key of a string in the store.
pub(crate) type Hash = [u8; 32];

/// An event without its long strings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SplitEvent<'a> {
    /// The text without the strings.
    rest: String,
    /// The strings, each with its position in `rest`, in ascending order.
    strings: Vec<(usize, &'a str)>,
}

/// Splits the long strings off a JSON text, as they are written, with their escapes.
pub(crate) fn split(json: &str) -> SplitEvent<'_> {
    let mut rest = String::new();
    let mut holes = Vec::new();
    // From where the text has not been copied yet.
    let mut from = 0;
    for (start, end) in strings(json.as_bytes()) {
        if end - start < LONG {
            continue;
        }
        // Quotes are ASCII, so these are borders of characters.
        let (Some(before), Some(string)) = (json.get(from..start), json.get(start..end)) else { continue };
        rest.push_str(before);
        holes.push((rest.len(), string));
        from = end;
    }
    rest.push_str(json.get(from..).unwrap_or_default());
    SplitEvent { rest, strings: holes }
}

/// Where the strings of a JSON text begin and end, without their quotes.
fn strings(json: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + json.get(at..)?.iter().position(|&byte| byte == b'"')? + 1;
        let mut end = start;
        loop {
            match json.get(end)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        at = end + 1;
        Some((start, end))
    })
}

impl SplitEvent<'_> {
    /// The long strings with their keys.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (Hash, &str)> {
        self.strings.iter().map(|(_, string)| (hash(string), *string))
    }

    /// The bytes to store for the event itself, compressed: the number of strings, each position and key, and the rest of the text.
    pub(crate) fn encode(&self, compressor: &mut Compressor<'_>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.rest.len() + 40 * self.strings.len() + 4);
        bytes.extend(count(self.strings.len())?);
        for (position, string) in &self.strings {
            bytes.extend(count(*position)?);
            bytes.extend(hash(string));
        }
        bytes.extend(self.rest.as_bytes());
        compressor.compress(&bytes)
    }
}

/// The JSON text of an event, from the bytes of [`SplitEvent::encode`] and the compressed strings that `content` returns by key.
pub(crate) fn join(data: &[u8], mut content: impl FnMut(&Hash) -> io::Result<Vec<u8>>) -> io::Result<String> {
    let bytes = decompress(data)?;
    let (holes, mut bytes) = take_count(&bytes)?;
    let mut places = Vec::new();
    for _ in 0..holes {
        let (position, after) = take_count(bytes)?;
        let (hash, after) = after.split_first_chunk::<32>().ok_or_else(broken)?;
        places.push((position, *hash));
        bytes = after;
    }
    let rest = std::str::from_utf8(bytes).map_err(|_| broken())?;
    let mut json = String::new();
    let mut from = 0;
    for (position, hash) in places {
        json.push_str(rest.get(from..position).ok_or_else(broken)?);
        let string = decompress(&content(&hash)?)?;
        json.push_str(std::str::from_utf8(&string).map_err(|_| broken())?);
        from = position;
    }
    json.push_str(rest.get(from..).ok_or_else(broken)?);
    Ok(json)
}

/// The compressor for a batch of events. Making one takes longer than compressing an event.
pub(crate) fn compressor() -> io::Result<Compressor<'static>> {
    Compressor::new(LEVEL)
}

fn decompress(data: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::decompress(
        data,
        MAX_BYTES.min(zstd::bulk::Decompressor::upper_bound(data).unwrap_or(MAX_BYTES)),
    )
}

/// The key of a string.
pub(crate) fn hash(string: &str) -> Hash {
    *blake3::hash(string.as_bytes()).as_bytes()
}

fn count(number: usize) -> io::Result<[u8; 4]> {
    u32::try_from(number).map(u32::to_le_bytes).map_err(io::Error::other)
}

fn take_count(bytes: &[u8]) -> io::Result<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or_else(broken)?;
    Ok((usize::try_from(u32::from_le_bytes(*number)).map_err(io::Error::other)?, rest))
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a stored event is damaged")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn round_trip(json: &str) -> (String, usize) {
        let event = split(json);
        let mut compressor = compressor().unwrap();
        let store: HashMap<Hash, Vec<u8>> = event
            .contents()
            .map(|(hash, string)| (hash, compressor.compress(string.as_bytes()).unwrap()))
            .collect();
        let joined = join(&event.encode(&mut compressor).unwrap(), |hash| Ok(store[hash].clone())).unwrap();
        (joined, store.len())
    }

    #[test]
    fn a_split_event_is_joined_byte_for_byte() {
        let long = "ä\\\"\\\\ \\u00e9 ".repeat(200);
        let other = "x".repeat(LONG);
        let cases = [
            (String::new(), 0),
            ("{}".into(), 0),
            (format!(r#"{{"a":"{long}"}}"#), 1),
            (format!(r#"{{"a":"{long}","b":["{long}", "short", "{other}"],"{other}":1}}"#), 2),
            (format!(r#"["{}"]"#, "y".repeat(LONG - 1)), 0),
            // Not JSON, and kept all the same.
            (format!(r#"["{long}"#), 0),
            (r#""\"#.into(), 0),
        ];
        for (json, contents) in cases {
            assert_eq!(round_trip(&json), (json.clone(), contents));
        }
    }

    #[test]
    fn damage_is_an_error() {
        let mut compressor = compressor().unwrap();
        let event = split(r#"{"a":1}"#).encode(&mut compressor).unwrap();
        let none = |_: &Hash| Err(broken());
        assert!(join(&event, none).is_ok());
        assert!(join(&event[..event.len() - 2], none).is_err());
        assert!(join(&compressor.compress(&[1, 0, 0, 0, 9]).unwrap(), none).is_err());
        assert!(join(&compressor.compress(&[0, 0, 0, 0, 0xff]).unwrap(), none).is_err());
    }
}
