//! An explorer that other machines can reach requires a token.

use crate::served::{Reply, Served, events_body, span};

/// The token that the explorer prints at its start.
fn token(served: &mut Served) -> String {
    let line = served.line("llmobs: traces at ");
    line.split_once("/?token=").expect("a token").1.to_owned()
}

fn get(served: &Served, path: &str, headers: &[(&str, &str)]) -> Reply {
    served.ask("GET", path, headers, b"")
}

#[test]
fn requests_without_the_token_are_refused() {
    let mut served = Served::with(&["--host", "0.0.0.0"]);
    let token = token(&mut served);
    assert!(token.len() >= 32, "{token}");
    served.line(&format!("llmobs: programs send spans to {} with DD_API_KEY={token}", served.origin));
    served.line("llmobs: the connection is not encrypted: use a tunnel");

    let body = events_body([&span("T", "1")]);
    let json = ("Content-Type", "application/json");
    for path in [
        "/",
        "/traces",
        "/info",
        "/assets/page.js",
        "/api/changes",
        "/none",
        "/traces?token=wrong",
        "/?token=",
    ] {
        let reply = get(&served, path, &[]);
        assert_eq!(reply.status, 401, "{path}");
        assert_eq!(reply.header("set-cookie"), None);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    for headers in
        [vec![json], vec![json, ("DD-API-KEY", "wrong")], vec![json, ("Authorization", "Bearer wrong")]]
    {
        assert_eq!(served.ask("POST", "/api/v2/llmobs", &headers, &body).status, 401);
    }
    assert_eq!(served.rows("span"), 0);

    // Programs send the token as their API key.
    let programs = [vec![json, ("DD-API-KEY", token.as_str())]];
    for headers in &programs {
        assert_eq!(served.ask("POST", "/api/v2/llmobs", headers, &body).status, 202);
    }
    assert_eq!(served.rows("span"), 1);
    assert_eq!(get(&served, "/info", &[("Authorization", &format!("Bearer {token}"))]).status, 200);
    // With the token, the page shows why other requests were refused.
    let setup = get(&served, "/setup", &[("Authorization", &format!("Bearer {token}"))]).text();
    assert!(setup.contains("programs send the token as DD_API_KEY (3 times)"), "{setup}");
    assert!(!setup.contains(&token));
    // A page of another site is refused, even if the browser has the token.
    let cookie = format!("llmobs_token={token}");
    let foreign = [("Cookie", cookie.as_str()), ("Origin", "https://evil.com")];
    assert_eq!(get(&served, "/traces", &foreign).status, 403);
}

#[test]
fn the_token_moves_from_the_address_to_a_cookie() {
    let mut served = Served::with(&["--host", "0.0.0.0"]);
    let token = token(&mut served);
    let first = get(&served, &format!("/traces?token={token}&view=spans"), &[]);
    assert_eq!((first.status, first.header("location")), (303, Some("/traces?view=spans")));
    let cookie = first.header("set-cookie").expect("a cookie").to_owned();
    assert_eq!(cookie, format!("llmobs_token={token}; HttpOnly; SameSite=Strict; Path=/"));
    let cookie = cookie.split(';').next().unwrap();
    let page = get(&served, "/traces?view=spans", &[("Cookie", cookie)]);
    assert_eq!(page.status, 200);
    assert!(!page.text().contains(&token), "the page contains the token");
    let elsewhere = get(&served, &format!("//evil.com/?token={token}"), &[]);
    assert_eq!(elsewhere.header("location"), Some("/evil.com/"));
}

#[test]
fn loopback_requests_need_no_token() {
    let mut served = Served::new();
    assert!(!served.line("llmobs: traces at ").contains("token"));
    assert_eq!(get(&served, "/traces", &[]).status, 200);
}
