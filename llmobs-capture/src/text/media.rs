//! Bytes in base64, of which only the type and size are shown.

use super::split_at_boundary;

/// How much of each end of a text is examined.
const SAMPLE: usize = 256;
const MARK: &str = ";base64,";

/// Returns a note that replaces a long text that is a data URI or base64. The text may be the inside of a JSON string: neither form has
/// anything to escape.
pub(crate) fn media_note(text: &str) -> Option<String> {
    media_note_of(text, text, text.len())
}

/// Returns a note that replaces a text of `length` bytes with this beginning and end, if the text is a data URI or base64.
#[must_use]
pub fn media_note_of(head: &str, tail: &str, length: usize) -> Option<String> {
    let text = head;
    let (head, _) = split_at_boundary(text, SAMPLE);
    if head.get(.."data:".len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
        // Case-insensitive: RFC 2397.
        let at = head.to_ascii_lowercase().find(MARK)? + MARK.len();
        let (uri, data) = text.split_at_checked(at)?;
        let plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        let data_end = tail.get(at..).filter(|_| tail.len() == length).unwrap_or(tail);
        return (plain && is_base64(data, data_end)).then(|| format!("{uri}… [{} bytes]", length - at));
    }
    // Digits, or one letter repeated, are not base64. Random bytes soon contain all three classes.
    let (start, _) = head.as_bytes().split_at_checked(64)?;
    let has = |class: fn(&u8) -> bool| start.iter().any(class);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    (mixed && length >= SAMPLE && is_base64(text, tail)).then(|| format!("… [{length} bytes of base64]"))
}

/// Returns whether the beginning and the end are base64, in the standard or the URL-safe alphabet.
fn is_base64(head: &str, tail: &str) -> bool {
    let (head, tail) = (head.as_bytes(), tail.as_bytes());
    let head = head.first_chunk::<SAMPLE>().map_or(head, |head| head);
    let tail = tail.last_chunk::<SAMPLE>().map_or(tail, |tail| tail);
    head.iter().chain(tail).all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte))
}
