//! Removes secrets from the URL of a repository.

/// Returns a URL without its user and password, as in `https://user:password@host/path`. `git@host:path` has none.
///
/// If it is unclear what these are, as in a URL that git would not accept, too much is removed rather than too little.
pub(super) fn without_credentials(url: &str) -> String {
    let (prefix, rest) = url.split_at(prefix(url));
    let place = rest.split('/').next().unwrap_or_default();
    let secrets = match place.rsplit_once('@') {
        Some((user, _)) if prefix.len() > 1 || user.contains(':') => user.len() + 1,
        // The beginning of a password that has a slash, or the port of a host.
        None if place.contains(':') && !place.starts_with('[') => match rest.rfind('@') {
            Some(at) => at + 1,
            None if prefix.len() > 1 && !has_port(place) => rest.len(),
            None => 0,
        },
        _ => 0,
    };
    format!("{prefix}{}", rest.get(secrets..).unwrap_or_default())
}

/// Returns the number of bytes before user and host: a scheme and any number of slashes.
fn prefix(url: &str) -> usize {
    let scheme = url.split_once(':').filter(|(scheme, rest)| {
        rest.starts_with('/')
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    let scheme = scheme.map_or(0, |(scheme, _)| scheme.len() + 1);
    let rest = url.get(scheme..).unwrap_or_default();
    url.len() - rest.trim_start_matches('/').len()
}

fn has_port(place: &str) -> bool {
    let port = place.split_once(':').map_or("", |(_, port)| port);
    port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn possible_secrets_are_removed() {
        for (url, kept) in [
            ("https://host/a.git", "https://host/a.git"),
            ("https://host:8080/a.git", "https://host:8080/a.git"),
            ("https://host:8080", "https://host:8080"),
            ("https://[::1]:8080/a@b.git", "https://[::1]:8080/a@b.git"),
            ("https://[::1]/a@b.git", "https://[::1]/a@b.git"),
            ("https://user:password@host/a@b.git", "https://host/a@b.git"),
            ("https://user:p@ssword@host:8080/a.git", "https://host:8080/a.git"),
            ("https://user:p:w@host", "https://host"),
            ("https://token@host/a.git", "https://host/a.git"),
            ("https://:password@host/a.git", "https://host/a.git"),
            ("ssh://git@host:22/a.git", "ssh://host:22/a.git"),
            ("git+ssh://user:password@host/a.git", "git+ssh://host/a.git"),
            // Accepted by ssh.
            ("git@host:a/b.git", "git@host:a/b.git"),
            ("host:a/b.git", "host:a/b.git"),
            ("user:password@host:a/b.git", "host:a/b.git"),
            ("user:token@host/a.git", "host/a.git"),
            ("user:p/w@host:a/b.git", "host:a/b.git"),
            // Local paths.
            ("/srv/a@b/c.git", "/srv/a@b/c.git"),
            ("/a@b/c.git", "/a@b/c.git"),
            ("../a@b/c.git", "../a@b/c.git"),
            ("file:///srv/a@b/c.git", "file:///srv/a@b/c.git"),
            ("C:/srv/a@b/c.git", "C:/srv/a@b/c.git"),
            // Rejected by git.
            ("//user:pw@host/x", "//host/x"),
            ("//token@host/x", "//host/x"),
            ("/user:pw@host/x", "/host/x"),
            ("https:/user:pw@host/x", "https:/host/x"),
            ("https:/token@host/x", "https:/host/x"),
            ("https:///user:pw@host/x", "https:///host/x"),
            ("https:user:pw@host/x", "host/x"),
            ("https://user:p/w@host/x", "https://host/x"),
            ("https://user:/pw@host/x", "https://host/x"),
            ("https://user:12/pw@host/x", "https://host/x"),
            ("https://user:123456/pw@host/x", "https://host/x"),
            ("https://user:1:2/pw@host/x", "https://host/x"),
            ("https:/user:p/w@host/x", "https:/host/x"),
            ("//user:p/w@host/x", "//host/x"),
            ("https://user:p/w@x@host/x", "https://host/x"),
            // Half a password, because a comma ends a tag in `DD_TAGS`.
            ("https://user:pa", "https://"),
            ("", ""),
            ("@", "@"),
            ("://", "://"),
            ("é:p/é@hé", "hé"),
        ] {
            assert_eq!(without_credentials(url), kept, "{url}");
        }
    }
}
