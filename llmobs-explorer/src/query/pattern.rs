//! Texts with wildcards.

/// A text with wildcards.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    glyphs: Vec<Glyph>,
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// This letter.
    Is(char),
    /// Any letters, or none: `*`
    Any,
    /// One letter: `?`
    One,
}

impl Pattern {
    /// A pattern of these parts. Several `*` in a row are one.
    pub(super) fn new(glyphs: &[Glyph]) -> Self {
        let mut glyphs = glyphs.to_vec();
        glyphs.dedup_by(|next, before| *next == Glyph::Any && *before == Glyph::Any);
        Self { glyphs }
    }

    /// Its parts.
    pub(crate) fn glyphs(&self) -> &[Glyph] {
        &self.glyphs
    }
}
