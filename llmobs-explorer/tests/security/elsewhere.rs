//! An explorer that others can reach asks for a token.

use crate::served::{Reply, Served, events_body, span};

/// The token, from what it says at the start.
fn token(served: &mut Served) -> String {
    let line = served.line("llmobs: traces at ");
    line.split_once("/?token=").expect("a token").1.to_owned()
}

fn get(served: &Served, path: &str, headers: &[(&str, &str)]) -> Reply {
    served.ask("GET", path, headers, b"")
}

#[test]
fn whoever_has_no_token_gets_nothing() {
    let mut served = Served::with(&["--host", "0.0.0.0"]);
    let token = token(&mut served);
    assert!(token.len() >= 32, "{token}");
    served.line(&format!("llmobs: programs report to {} with DD_API_KEY={token}", served.origin));
    served.line("llmobs: whoever can read the network");

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

    // Programs have it as their key.
    let programs = [vec![json, ("DD-API-KEY", token.as_str())]];
    for headers in &programs {
        assert_eq!(served.ask("POST", "/api/v2/llmobs", headers, &body).status, 202);
    }
    assert_eq!(served.rows("span"), 1);
    assert_eq!(get(&served, "/info", &[("Authorization", &format!("Bearer {token}"))]).status, 200);
    // Who has it sees on the page why others were turned away.
    let setup = get(&served, "/setup", &[("Authorization", &format!("Bearer {token}"))]).text();
    assert!(setup.contains("programs send the token as DD_API_KEY (3 times)"), "{setup}");
    assert!(!setup.contains(&token));
    // A page of another site has it not, even where the browser does.
    let cookie = format!("llmobs_token={token}");
    let foreign = [("Cookie", cookie.as_str()), ("Origin", "https://evil.com")];
    assert_eq!(get(&served, "/traces", &foreign).status, 403);
}

#[test]
fn a_browser_keeps_the_token_and_the_address_loses_it() {
    let mut served = Served::with(&["--host", "0.0.0.0"]);
    let token = token(&mut served);
    let first = get(&served, &format!("/traces?token={token}&view=spans"), &[]);
    assert_eq!((first.status, first.header("location")), (303, Some("/traces?view=spans")));
    let cookie = first.header("set-cookie").expect("a cookie").to_owned();
    assert_eq!(cookie, format!("llmobs_token={token}; HttpOnly; SameSite=Strict; Path=/"));
    let cookie = cookie.split(';').next().unwrap();
    let page = get(&served, "/traces?view=spans", &[("Cookie", cookie)]);
    assert_eq!(page.status, 200);
    assert!(!page.text().contains(&token), "the token stands in the page");
    let elsewhere = get(&served, &format!("//evil.com/?token={token}"), &[]);
    assert_eq!(elsewhere.header("location"), Some("/evil.com/"));
}

#[test]
fn on_this_machine_nothing_is_asked_for() {
    let mut served = Served::new();
    assert!(!served.line("llmobs: traces at ").contains("token"));
    assert_eq!(get(&served, "/traces", &[]).status, 200);
}
