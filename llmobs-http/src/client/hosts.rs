//! The hosts that receive the headers of traces.

/// The hosts whose requests get the headers of the trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// Adds a host, given by name or by a URL.
    pub(super) fn add(&mut self, host: &str) {
        let host = host.split_once("://").map_or(host, |(_, host)| host);
        self.0.push(host.split('/').next().unwrap_or_default().to_ascii_lowercase());
    }

    /// Returns whether the host, with or without its port, is one of these.
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

#[cfg(test)]
mod tests {
    use super::*;

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
