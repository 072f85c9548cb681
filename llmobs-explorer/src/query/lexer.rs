//! Reads words, quoted texts and patterns from the characters of a query. `parser` decides whether a colon or a bracket is an
//! operator or a part of a word.

use super::QueryError;
use super::pattern::{Glyph, Pattern};

/// A word or a quoted text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    glyphs: Vec<Glyph>,
    pub(super) quoted: bool,
}

impl Word {
    /// Whether the word is only `*`.
    pub(super) fn is_any(&self) -> bool {
        !self.glyphs.is_empty() && self.glyphs.iter().all(|glyph| *glyph == Glyph::Any)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.glyphs.is_empty()
    }

    /// Returns the text, if it contains no wildcard.
    pub(super) fn literal(&self) -> Option<String> {
        self.glyphs
            .iter()
            .map(|glyph| if let Glyph::Is(letter) = glyph { Some(*letter) } else { None })
            .collect()
    }

    /// Returns the pattern with its wildcards.
    pub(super) fn pattern(&self) -> Pattern {
        Pattern::new(&self.glyphs)
    }

    /// Returns the words to search for, and whether the last one is a prefix. `None` if there is a `*` elsewhere.
    pub(super) fn words(&self) -> Option<(String, bool)> {
        let kept = self.glyphs.iter().rposition(|glyph| *glyph != Glyph::Any).map_or(0, |last| last + 1);
        let words = self.glyphs.iter().take(kept).map(|glyph| match glyph {
            Glyph::Is(letter) => Some(*letter),
            // In full-text search, `?` is punctuation and not a wildcard.
            Glyph::One => Some('?'),
            Glyph::Any => None,
        });
        Some((words.collect::<Option<String>>()?, kept < self.glyphs.len()))
    }
}

pub(super) struct Lexer {
    letters: Vec<char>,
    at: usize,
}

impl Lexer {
    pub(super) fn new(text: &str) -> Self {
        Self { letters: text.chars().collect(), at: 0 }
    }

    /// The number of characters read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn column(&self) -> usize {
        self.at + 1
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.letters.get(from..to).unwrap_or_default().iter().collect()
    }

    /// Skips this text if it is next. Returns whether it was.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let comes = self.comes(text);
        if comes {
            self.at += text.chars().count();
        }
        comes
    }

    pub(super) fn comes(&self, text: &str) -> bool {
        self.rest().len() >= text.chars().count()
            && self.rest().iter().zip(text.chars()).all(|(is, expected)| *is == expected)
    }

    /// Whether this word is next, as a whole word.
    pub(super) fn comes_word(&self, word: &str) -> bool {
        let behind = self.rest().get(word.chars().count());
        self.comes(word) && behind.is_none_or(|letter| ends_word(*letter))
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Whether the term ends here.
    pub(super) fn at_end_of_term(&self) -> bool {
        self.peek().is_none_or(|letter| letter.is_whitespace() || letter == ')')
    }

    /// Returns the distance to the first of these characters that is not escaped in the next word.
    pub(super) fn distance(&self, signs: &[char]) -> Option<usize> {
        let mut escaped = false;
        for (distance, letter) in self.rest().iter().enumerate() {
            if escaped {
                escaped = false;
            } else if *letter == '\\' {
                escaped = true;
            } else if signs.contains(letter) {
                return Some(distance);
            } else if ends_word(*letter) {
                return None;
            }
        }
        None
    }

    /// Reads a word up to its end or up to this character, which is not read.
    pub(super) fn word(&mut self, sign: Option<char>) -> Result<Word, QueryError> {
        let mut glyphs = Vec::new();
        while let Some(letter) = self.peek() {
            if ends_word(letter) || Some(letter) == sign {
                break;
            }
            let column = self.column();
            self.at += 1;
            glyphs.push(match letter {
                '*' => Glyph::Any,
                '?' => Glyph::One,
                '\\' => {
                    let letter = self.peek().ok_or_else(|| {
                        QueryError::new(
                            column,
                            "nothing follows the backslash",
                            r"write `\\` for a backslash",
                        )
                    })?;
                    self.at += 1;
                    Glyph::Is(letter)
                }
                letter => Glyph::Is(letter),
            });
        }
        Ok(Word { glyphs, quoted: false })
    }

    /// Reads a quoted text. Its quote is next. A backslash is literal unless a quote or another backslash follows, because texts of
    /// programs contain many backslashes.
    pub(super) fn quoted(&mut self) -> Result<Word, QueryError> {
        let column = self.column();
        self.at += 1;
        let mut glyphs = Vec::new();
        loop {
            let letter = self.peek().ok_or_else(|| {
                QueryError::new(column, "the quote is not closed", "close it with another `\"`")
            })?;
            self.at += 1;
            match (letter, self.peek()) {
                ('"', _) => return Ok(Word { glyphs, quoted: true }),
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    self.at += 1;
                    glyphs.push(Glyph::Is(escaped));
                }
                (letter, _) => glyphs.push(Glyph::Is(letter)),
            }
        }
    }

    fn rest(&self) -> &[char] {
        self.letters.get(self.at..).unwrap_or_default()
    }
}

fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '(' | ')' | '"')
}
