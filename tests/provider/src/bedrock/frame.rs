//! Frames of AWS's event stream: <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>.

use serde_json::Value;

/// The bytes of lengths and of their checksum, and of the checksum at the end.
const AROUND: usize = 16;

/// A frame of an event or an exception, which is an object with its name as the key.
pub(crate) fn frame(event: &Value) -> Vec<u8> {
    let (name, payload) = event.as_object().and_then(|event| event.iter().next()).unzip();
    let name = name.map_or("", String::as_str);
    let (kind, name_header) =
        if name.ends_with("Exception") { ("exception", ":exception-type") } else { ("event", ":event-type") };
    let headers = [(name_header, name), (":content-type", "application/json"), (":message-type", kind)]
        .map(header)
        .concat();
    let payload = payload.map(Value::to_string).unwrap_or_default();

    let mut frame = Vec::new();
    push_length(&mut frame, headers.len() + payload.len() + AROUND);
    push_length(&mut frame, headers.len());
    push_checksum(&mut frame);
    frame.extend(headers);
    frame.extend(payload.into_bytes());
    push_checksum(&mut frame);
    frame
}

/// A header with a text.
fn header((name, value): (&str, &str)) -> Vec<u8> {
    let short = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
    let text_type = 7;
    [&[short(name)], name.as_bytes(), &[text_type, 0, short(value)], value.as_bytes()].concat()
}

fn push_length(frame: &mut Vec<u8>, length: usize) {
    frame.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

/// Appends the checksum of all preceding bytes.
fn push_checksum(frame: &mut Vec<u8>) {
    let checksum = crc32fast::hash(frame);
    frame.extend(checksum.to_be_bytes());
}
