//! Removes credentials from URLs.

use std::borrow::Cow;

use llmobs_capture::text::CUT;

/// Names of credentials in the query of a URL. Elsewhere, these names may be harmless.
const IN_QUERIES: [&str; 10] =
    ["auth", "hmac", "jwt", "key", "pass", "sas", "sig", "signature", "subscriptionkey", "xamzcredential"];

/// Names of fields that contain credentials, or suffixes of such names, in lower case and without separators.
const CREDENTIALS: [&str; 16] = [
    "apikey",
    "accesskey",
    "accesskeyid",
    "authentication",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "headers",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secretkey",
    "token",
];

/// Returns whether a field with this name is a credential, regardless of case and separators.
pub(crate) fn is_credential(name: &str) -> bool {
    is_credential_of(&letters(name))
}

fn is_credential_of(letters: &str) -> bool {
    letters.contains("secret") || CREDENTIALS.iter().any(|credential| letters.ends_with(credential))
}

/// Returns a name in lower case and without separators.
fn letters(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.to_ascii_lowercase()
}

fn is_credential_in_query(name: &str) -> bool {
    let letters = letters(name);
    IN_QUERIES.contains(&&*letters) || letters.ends_with("signature") || is_credential_of(&letters)
}

/// Removes users and passwords from the URLs in a text, and replaces credentials in their queries with `…`.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let (mut kept, mut from) = (0, 0);
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("://")) {
        let start = from + found + "://".len();
        let rest = text.get(start..).unwrap_or_default();
        let url = rest.split(is_end).next().unwrap_or_default();
        from = start + url.len();
        if let Some(changed) = url_without_credentials(url) {
            clean.push_str(text.get(kept..start).unwrap_or_default());
            clean.push_str(&changed);
            kept = from;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(clean)
}

/// Returns whether this character ends a URL in a text.
fn is_end(character: char) -> bool {
    character.is_whitespace() || "\"'`<>\\^{}|".contains(character)
}

/// Takes a URL without its scheme, and returns it without credentials. Returns `None` if it has none.
fn url_without_credentials(url: &str) -> Option<String> {
    let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rfind('@').map_or(0, |at| at + 1);
    let rest = url.get(user..).unwrap_or_default();
    let mut clean = String::new();
    let mut is_changed = user > 0;
    let query = rest.find(['?', '#']).unwrap_or(rest.len());
    clean.push_str(rest.get(..query).unwrap_or_default());
    for pair in rest.get(query..).unwrap_or_default().split_inclusive(['?', '#', '&', ';']) {
        let (pair, end) = pair.split_at(pair.trim_end_matches(['?', '#', '&', ';']).len());
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_credential_in_query(name) => {
                is_changed = true;
                clean.extend([name, "=", CUT]);
            }
            _ => clean.push_str(pair),
        }
        clean.push_str(end);
    }
    is_changed.then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn credentials_in_urls_are_left_out() {
        let cases = [
            ("https://ann:s@a.example/x?y=1", "https://a.example/x?y=1"),
            ("redis://:s@a.example:6379", "redis://a.example:6379"),
            ("https://s@a.example", "https://a.example"),
            ("https://a.example/x?api_key=s&page=2", "https://a.example/x?api_key=…&page=2"),
            ("https://a.example/x?key=s", "https://a.example/x?key=…"),
            (
                "https://a.blob.example/i.png?sv=2022&se=2030-01-01&sig=a%2Fb%3D",
                "https://a.blob.example/i.png?sv=2022&se=2030-01-01&sig=…",
            ),
            (
                "https://s3.example/i?X-Amz-Credential=s%2F2026&X-Amz-Date=2026&X-Amz-Signature=s&X-Amz-Security-Token=s",
                "https://s3.example/i?X-Amz-Credential=…&X-Amz-Date=2026&X-Amz-Signature=…&X-Amz-Security-Token=…",
            ),
            (
                "https://storage.example/i?X-Goog-Signature=s&X-Goog-Expires=9",
                "https://storage.example/i?X-Goog-Signature=…&X-Goog-Expires=9",
            ),
            ("https://a.example/cb#access_token=s&state=1", "https://a.example/cb#access_token=…&state=1"),
            (
                "see \"https://a:s@b.example/?token=s\" and https://c.example/?q=1.",
                "see \"https://b.example/?token=…\" and https://c.example/?q=1.",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(without_credentials(text), expected);
        }
    }

    #[test]
    fn other_texts_are_kept() {
        for text in [
            "",
            "://",
            "https://",
            "https://@",
            "https://a.example/@ann?max_tokens=5&key=&monkey=7#top",
            "mail ann@a.example, key=5",
            "data:image/png;base64,AAAA",
            "file-abc123",
            "https://a.example/?é=ö",
        ] {
            assert_eq!(
                without_credentials(text).replace("https://@", "https://"),
                text.replace("https://@", "https://")
            );
        }
    }
}
