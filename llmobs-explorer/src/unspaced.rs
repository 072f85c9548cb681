//! Words of scripts without spaces. The index of texts knows words between spaces only, so that in Chinese, Japanese and Korean it would
//! find whole sentences alone. There each character begins a word of it and the next one, and a text is found by all words of its own.

use std::borrow::Cow;

/// A text as it is indexed.
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

/// Words to search for, and whether the last is the beginning of one.
pub(crate) fn searched(text: &str, prefix: bool) -> (String, bool) {
    let mut end = text.chars().rev();
    if !end.next().is_some_and(has_no_spaces) {
        return (indexed(text).into_owned(), prefix);
    }
    let mut words = indexed(text).into_owned();
    if !end.next().is_some_and(has_no_spaces) {
        // One character is the beginning of a word.
        return (words, true);
    }
    // The text may go on behind the last word, which then is another one.
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
    fn each_character_begins_a_word() {
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
    fn what_is_searched_may_go_on() {
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
