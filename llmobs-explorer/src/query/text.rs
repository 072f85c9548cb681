//! Terms, written: what the page puts into a query when a value is clicked.

use super::fields::{Kind, TAG, is_reserved, kind};

/// The term that asks for exactly this value of a path, such as `meta.model_name`, `duration`, `tag.user_id` or
/// `evaluation.faithfulness.value`: the paths of [`Attribute`](crate::span::Attribute), and those of columns, without `@`.
#[must_use]
pub fn filter(path: &str, value: &str) -> String {
    let tag =
        path.strip_prefix(TAG).filter(|key| key.chars().all(is_plain) && is_word(key) && !is_reserved(key));
    let field = match tag {
        Some(key) => key.to_owned(),
        None => format!("@{}", path.chars().map(escaped).collect::<String>()),
    };
    // Bare, `0.5` would also be `0.50`.
    let bare = match kind(path) {
        Some(Kind::Number(_)) => !value.is_empty(),
        Some(Kind::Text | Kind::Tag) => is_word(value),
        Some(Kind::Either(_)) | None => {
            is_word(value) && value.chars().next().is_some_and(char::is_alphabetic)
        }
    };
    if bare && value.chars().all(is_plain) {
        return format!("{field}:{value}");
    }
    format!("{field}:\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/')
}

fn escaped(letter: char) -> String {
    if is_plain(letter) { letter.to_string() } else { format!("\\{letter}") }
}
