//! Errors, collected so that all are reported at once, each on the token that causes it.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use syn::Error;

#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.add(Error::new(span, message));
    }

    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns the value, or the default after adding an error.
    pub(crate) fn or_default<T: Default>(&mut self, read: syn::Result<T>) -> T {
        read.unwrap_or_else(|error| {
            self.add(error);
            T::default()
        })
    }

    /// Returns the errors as calls of `compile_error!`, or `None` if there are none.
    pub(crate) fn into_tokens(self) -> Option<TokenStream> {
        Some(self.0?.into_compile_error())
    }
}

/// Returns the word among `known` that `word` is probably a misspelling of.
pub(crate) fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates = known.into_iter().map(|other| (distance(word, other), other));
    candidates.filter(|(distance, other)| *distance <= other.len().div_ceil(3)).min().map(|(_, other)| other)
}

/// Returns the Levenshtein distance: how many letters have to be added, removed or changed.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.windows(2)) {
            let [diagonal, above] = above else { continue };
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn the_misspelled_option_is_found() {
        let known = ["name", "session_id", "skip", "skip_all"];
        let meant = ["nam", "sesion_id", "skipall", "sessionid", "colour"].map(|word| similar(word, known));
        assert_eq!(meant, [Some("name"), Some("session_id"), Some("skip_all"), Some("session_id"), None]);
    }
}
