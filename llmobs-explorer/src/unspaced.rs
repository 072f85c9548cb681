//! Words in scripts without spaces. The full-text index splits texts at spaces, so it would find Chinese, Japanese and Korean texts only
//! by whole sentences. In these scripts, each character and the next one form a word, and a search looks for all such words of its text.

use std::borrow::Cow;

/// A text as the index receives it.
pub(crate) fn indexed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(has_no_spaces) {
        return Cow::Borrowed(text);
    }
    let mut words = String::with_capacity(2 * text.len());
    let mut inside = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let was_inside = std::mem::replace(&mut inside, has_no_spaces(letter));
        if inside || was_inside {
            words.push(' ');
        }
        words.push(letter);
        words.extend(letters.peek().filter(|next| inside && has_no_spaces(**next)));
    }
    Cow::Owned(words)
}

/// The words to search for, and whether the last one is a prefix.
pub(crate) fn searched(text: &str, prefix: bool) -> (String, bool) {
    let mut end = text.chars().rev();
    if !end.next().is_some_and(has_no_spaces) {
        return (indexed(text).into_owned(), prefix);
    }
    let mut words = indexed(text).into_owned();
    if !end.next().is_some_and(has_no_spaces) {
        // A single character is the prefix of a word.
        return (words, true);
    }
    // The last word, a single character, would match only texts that end with it.
    words.truncate(words.rfind(' ').unwrap_or_default());
    (words, prefix)
}

fn has_no_spaces(letter: char) -> bool {
    matches!(letter,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
        && letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_and_the_next_form_a_word() {
        for (text, words) in [
            ("Grüße, world", "Grüße, world"),
            ("天気", " 天気 気"),
            ("今日の天気。OK", " 今日 日の の天 天気 気 。OK"),
            ("Rust製です", "Rust 製で です す"),
            ("カ・メラ", " カ ・ メラ ラ"),
            ("날씨가 좋다", " 날씨 씨가 가   좋다 다"),
        ] {
            assert_eq!(indexed(text), words, "{text}");
        }
    }

    #[test]
    fn searched_text_may_continue() {
        for (text, words, prefix) in [
            ("world", "world", false),
            ("天気", " 天気", false),
            ("日の天気", " 日の の天 天気", false),
            ("天", " 天", true),
            ("東京 天気", " 東京 京   天気", false),
            ("天気?", " 天気 気 ?", false),
        ] {
            assert_eq!(searched(text, false), (words.to_owned(), prefix), "{text}");
        }
    }
}
