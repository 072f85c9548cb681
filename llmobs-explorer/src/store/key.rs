//! Keys that identify stored texts and sets of texts.

/// The first half of a BLAKE3 hash. Finding another text with the same key is not feasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key([u8; 16]);

impl Key {
    /// Returns the key of a text.
    pub(super) fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    /// Returns the key of several texts in their order. `None` differs from an empty text.
    pub(super) fn of_all<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut bytes = Vec::with_capacity(512);
        for text in texts {
            bytes.extend(text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            bytes.extend(text.unwrap_or_default().as_bytes());
        }
        Self::of_bytes(&bytes)
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Self(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_have_different_keys() {
        let all = [
            Key::of_all([Some("ab"), Some("")]),
            Key::of_all([Some("a"), Some("b")]),
            Key::of_all([Some("ab"), None]),
            Key::of_all([Some("ab")]),
            Key::of("ab"),
        ];
        let mut different = all.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), all.len());
        assert_eq!(Key::of_all([Some("ab"), None]), all[2]);
    }
}
