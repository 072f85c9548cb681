//! Texts with wildcards.

/// A text with wildcards.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    glyphs: Vec<Glyph>,
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// This character.
    Is(char),
    /// Any number of characters: `*`
    Any,
    /// One character: `?`
    One,
}

impl Pattern {
    /// Creates a pattern of these parts. Several `*` in a row become one.
    pub(super) fn new(glyphs: &[Glyph]) -> Self {
        let mut glyphs = glyphs.to_vec();
        glyphs.dedup_by(|next, before| *next == Glyph::Any && *before == Glyph::Any);
        Self { glyphs }
    }

    /// Returns the parts.
    pub(crate) fn glyphs(&self) -> &[Glyph] {
        &self.glyphs
    }
}
