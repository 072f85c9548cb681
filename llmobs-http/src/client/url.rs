//! URLs: the hosts that get the headers of traces, and texts without what may be secret in a URL.

/// The hosts whose requests get the headers of the trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// Adds a host, of which a URL may be given.
    pub(super) fn add(&mut self, host: &str) {
        let host = host.split_once("://").map_or(host, |(_, host)| host);
        self.0.push(host.split('/').next().unwrap_or_default().to_ascii_lowercase());
    }

    /// Whether the host, with or without its port, is one of them.
    pub(super) fn contains(&self, host: &str, port: Option<u16>) -> bool {
        let is_same = |known: &str| match known.rsplit_once(':') {
            Some((name, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => {
                name.eq_ignore_ascii_case(host) && port.is_some_and(|port| number == port.to_string())
            }
            _ => known == "*" || known.eq_ignore_ascii_case(host),
        };
        self.0.iter().any(|known| is_same(known))
    }
}

/// The text of an error, in which URLs have neither a user nor a query: both can hold keys.
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
    fn errors_lose_the_secrets_of_urls() {
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

    #[test]
    fn hosts_are_named_with_or_without_a_port() {
        let mut hosts = Hosts::default();
        for host in ["Inner.Example", "http://localhost:8080/api"] {
            hosts.add(host);
        }
        assert!(hosts.contains("inner.example", None) && hosts.contains("INNER.example", Some(443)));
        assert!(hosts.contains("localhost", Some(8080)));
        assert!(!hosts.contains("localhost", Some(8081)) && !hosts.contains("localhost", None));
        assert!(!hosts.contains("other.inner.example", None) && !Hosts::default().contains("a", None));
        hosts.add("*");
        assert!(hosts.contains("anywhere", None));
    }
}
