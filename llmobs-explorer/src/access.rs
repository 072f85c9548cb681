//! Access control: decides whether a request is allowed. Pure.
//!
//! Every web page that the user opens can reach a server on the user's machine. A foreign page must neither read nor write traces, not
//! even if its name resolves to this machine (DNS rebinding, as in CVE-2025-66414).

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};

/// The cookie that holds the token.
pub(crate) const COOKIE_NAME: &str = "llmobs_token";

/// Where requests may come from.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// From this machine only, by its own names.
    Loopback {
        /// The port that the explorer listens on.
        port: u16,
    },
    /// From anywhere, with a token.
    Token(String),
}

/// The answer to a request that is not allowed.
pub(crate) type Denial = (StatusCode, &'static str);

/// Checks the head of a request.
pub(crate) fn check(access: &Access, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Denial> {
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    let mut hosts = headers.get_all(HOST).iter();
    // In HTTP/2, the address contains the host.
    let (Some(Ok(host)), None) = (hosts.next().map(|host| host.to_str()).or(authority.map(Ok)), hosts.next())
    else {
        return Err((StatusCode::BAD_REQUEST, "a request must have exactly one Host header"));
    };
    if authority.is_some_and(|authority| authority != host) {
        return Err((StatusCode::BAD_REQUEST, "the address and the Host header name different hosts"));
    }
    if let Access::Loopback { port } = access
        && !is_own_name(host, *port)
    {
        return Err((
            StatusCode::FORBIDDEN,
            "the Host is not a name of this machine: use http://127.0.0.1 or http://localhost with the port; \
             from containers and other machines, start llmobs serve with --host 0.0.0.0 and send the token that it prints",
        ));
    }
    let foreign = headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        origin != Some(host)
    });
    let mut sites = headers.get_all("sec-fetch-site").iter().map(|site| site.to_str().unwrap_or_default());
    if foreign || sites.any(|site| site != "same-origin" && site != "none") {
        return Err((
            StatusCode::FORBIDDEN,
            "the request comes from a page of another site: open the explorer's address directly, and send spans from programs",
        ));
    }
    // A foreign page can send these types without a preflight request, and old browsers send them without `Origin`.
    let simple = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    let mut kinds = headers.get_all(CONTENT_TYPE).iter().map(|kind| {
        let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    });
    if method != Method::GET && uri.path() != "/sample" && kinds.any(|kind| simple.contains(&kind.as_str())) {
        return Err((
            StatusCode::FORBIDDEN,
            "pages of other sites can send this Content-Type: send spans as application/json",
        ));
    }
    match access {
        Access::Token(token) if !has_token(token, uri, headers) => Err((
            StatusCode::UNAUTHORIZED,
            "open the address with ?token=… that llmobs printed at its start; programs send the token as DD_API_KEY",
        )),
        _ => Ok(()),
    }
}

/// Whether a host is a name of this machine and has the port of the explorer.
fn is_own_name(host: &str, port: u16) -> bool {
    let Some((name, given)) = host.rsplit_once(':') else { return port == 80 && is_loopback(host) };
    given.parse() == Ok(port) && is_loopback(name)
}

fn is_loopback(name: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn has_token(token: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let cookie = cookies.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned());
    let in_uri = token_in(uri);
    let given = [bearer, text("dd-api-key")].into_iter().flatten().map(str::to_owned);
    // Hashes are compared in constant time.
    given
        .chain(cookie)
        .chain(in_uri)
        .any(|given| blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes()))
}

/// An address without the token.
pub(crate) fn without_token(uri: &Uri) -> String {
    // Browsers take a path that begins with two slashes as an address on another host.
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut others = form_urlencoded::Serializer::new(String::new());
    let others = others.extend_pairs(pairs.filter(|(key, _)| key != "token")).finish();
    if others.is_empty() { path } else { format!("{path}?{others}") }
}

/// The token in an address.
pub(crate) fn token_in(uri: &Uri) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(key, _)| key == "token").map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn status_of(access: &Access, method: &Method, uri: &str, pairs: &[(&'static str, &str)]) -> u16 {
        let decision = check(access, method, &uri.parse().unwrap(), &headers(pairs));
        decision.map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn loopback_access_allows_only_own_names_and_own_pages() {
        let access = Access::Loopback { port: 8126 };
        let get = |uri: &str, pairs: &[(&'static str, &str)]| status_of(&access, &Method::GET, uri, pairs);
        for host in ["127.0.0.1:8126", "localhost:8126", "LOCALHOST:8126", "[::1]:8126"] {
            assert_eq!(get("/", &[("host", host)]), 200, "{host}");
        }
        for host in [
            "evil.com",
            "evil.com:8126",
            "127.0.0.1.evil.com:8126",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:8126:8126",
            "localhost.:8126",
            "",
        ] {
            assert_eq!(get("/", &[("host", host)]), 403, "{host}");
        }
        let own = ("host", "localhost:8126");
        assert_eq!(get("/", &[]), 400);
        assert_eq!(get("/", &[own, ("host", "evil.com")]), 400);
        assert_eq!(get("http://evil.com/", &[own]), 400);
        assert_eq!(get("http://localhost:8126/", &[own]), 200);
        assert_eq!(get("http://localhost:8126/", &[]), 200);
        assert_eq!(get("http://evil.com:8126/", &[]), 403);
        assert_eq!(get("/", &[own, ("origin", "http://localhost:8126")]), 200);
        for origin in ["https://evil.com", "null", "http://localhost:3000", "https://localhost:8126"] {
            assert_eq!(get("/", &[own, ("origin", origin)]), 403, "{origin}");
        }
        for (site, status) in [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)] {
            assert_eq!(get("/", &[own, ("sec-fetch-site", site)]), status, "{site}");
        }
        for (kind, status) in [
            ("application/json", 200),
            ("text/plain", 403),
            ("Text/Plain; charset=utf-8", 403),
            ("application/x-www-form-urlencoded", 403),
        ] {
            let sent = status_of(&access, &Method::POST, "/api/v2/llmobs", &[own, ("content-type", kind)]);
            assert_eq!(sent, status, "{kind}");
        }
    }

    #[test]
    fn token_access_requires_the_token() {
        let access = Access::Token("s3cret".to_owned());
        let get = |uri: &str, pairs: &[(&'static str, &str)]| status_of(&access, &Method::GET, uri, pairs);
        let host = ("host", "box.example:8126");
        assert_eq!(get("/", &[host]), 401);
        assert_eq!(get("/?token=wrong", &[host]), 401);
        assert_eq!(get("/?a=b&token=s3cret", &[host]), 200);
        assert_eq!(get("/", &[host, ("cookie", "a=b; llmobs_token=s3cret")]), 200);
        assert_eq!(get("/", &[host, ("cookie", "other_llmobs_token=s3cret")]), 401);
        assert_eq!(get("/", &[host, ("authorization", "Bearer s3cret")]), 200);
        assert_eq!(get("/", &[host, ("dd-api-key", "s3cret")]), 200);
        assert_eq!(get("/", &[host, ("dd-api-key", "s3cret"), ("origin", "http://evil.com")]), 403);
    }

    #[test]
    fn only_the_token_is_removed_from_the_address() {
        for (uri, without) in [
            ("/?token=x", "/"),
            ("/traces?q=%40a%3A1+b&token=x&page=2", "/traces?q=%40a%3A1+b&page=2"),
            ("//evil.com/?token=x", "/evil.com/"),
        ] {
            assert_eq!(without_token(&uri.parse().unwrap()), without);
        }
    }
}
