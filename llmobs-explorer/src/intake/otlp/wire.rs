//! Reads the wire format of Protocol Buffers in place. A message is a sequence of fields, and unused fields take no memory.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    /// An integer, a boolean or an enumeration.
    Varint(u64),
    /// Eight bytes: a `fixed64` or a `double`.
    Eight(u64),
    /// A text, bytes or another message.
    Bytes(&'a [u8]),
    /// Four bytes.
    Four(u32),
}

/// The fields of a message, each with its number. Ends after the first error.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// Reads the next field. `None` if the message is truncated or invalid.
    fn read(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Eight(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Four(u32::from_le_bytes(self.array()?)),
            // Groups are obsolete.
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read().ok_or_else(|| {
            self.0 = &[];
            "the body is not a protobuf message: its fields end too early".to_owned()
        });
        Some(field)
    }
}

/// Encodes an answer. Its fields are numbers and texts that are not empty.
pub(crate) fn message(fields: &[(u8, Answered<'_>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, value) in fields {
        match value {
            Answered::Number(value) => {
                bytes.push(number << 3);
                push_varint(*value, &mut bytes);
            }
            Answered::Bytes(value) => {
                bytes.push(number << 3 | 2);
                push_varint(u64::try_from(value.len()).unwrap_or(u64::MAX), &mut bytes);
                bytes.extend_from_slice(value);
            }
        }
    }
    bytes
}

/// A field of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answered<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn push_varint(mut number: u64, bytes: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low & 0x7f);
        }
        bytes.push(low | 0x80);
    }
}
