//! Removes secrets from URLs in texts.

/// Returns the text of an error without the users and queries of URLs, which can hold keys.
pub(super) fn without_secrets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        // Any other character may be part of a query, unless it is the last one.
        let is_end = |char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>' | '`');
        let end = after.find(is_end).unwrap_or(after.len());
        let url = after.get(..end).unwrap_or_default().trim_end_matches([')', ']', '\'', ',', '.', ':', ';']);
        let (url, behind) = after.split_at(url.len());
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = url.split_at(url.find('/').unwrap_or(url.len()));
        let host = host.rsplit('@').next().unwrap_or_default();
        for part in [before, "://", host, path] {
            kept.push_str(part);
        }
        rest = behind;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_urls_of_errors_are_removed() {
        for (text, expected) in [
            (
                "error sending request for url (https://generativelanguage.googleapis.com/v1beta/models/m:generateContent?key=SECRET)",
                "error sending request for url (https://generativelanguage.googleapis.com/v1beta/models/m:generateContent)",
            ),
            ("http://user:SECRET@localhost:1/v1 refused", "http://localhost:1/v1 refused"),
            ("\"https://a/?k=SECRET\" and https://b#SECRET", "\"https://a/\" and https://b"),
            (
                "error sending request for url (http://ann:SECRET@[::1]:8080/v1?key=SECRET)",
                "error sending request for url (http://[::1]:8080/v1)",
            ),
            ("(http://a/?key=(SECRET)SECRET'SECRET)", "(http://a/)"),
            ("see [http://a/?key=SECRET], then retry", "see [http://a/], then retry"),
            ("timed out", "timed out"),
            ("a://", "a://"),
        ] {
            assert_eq!(without_secrets(text), expected);
        }
    }
}
