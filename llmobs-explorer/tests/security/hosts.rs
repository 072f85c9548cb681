//! V1 and V2: pages of other sites neither read nor write, with any name of this machine.

use crate::served::{Served, events_body, span};

fn status(served: &Served, request: &str) -> u16 {
    let request = request.replace("PORT", &served.port.to_string()).replace('\n', "\r\n");
    served.raw(request.as_bytes()).map_or(0, |reply| reply.status)
}

#[test]
fn only_names_of_this_machine_with_its_port_are_accepted() {
    let served = Served::new();
    for (hosts, expected) in [
        ("Host: 127.0.0.1:PORT\n", 200),
        ("Host: localhost:PORT\n", 200),
        ("Host: [::1]:PORT\n", 200),
        ("Host: evil.com\n", 403),
        ("Host: evil.com:PORT\n", 403),
        ("Host: 127.0.0.1.evil.com:PORT\n", 403),
        ("Host: 127.0.0.1\n", 403),
        ("Host: 127.0.0.1:1\n", 403),
        ("Host: localhost.evil.com:PORT\n", 403),
        ("Host: 0.0.0.0:PORT\n", 403),
        ("Host: user@127.0.0.1:PORT\n", 403),
        ("Host: \n", 403),
        ("", 400),
        ("Host: 127.0.0.1:PORT\nHost: evil.com\n", 400),
        ("Host: 127.0.0.1:PORT\nHost: 127.0.0.1:PORT\n", 400),
    ] {
        for target in ["/info", "/traces", "/assets/page.js"] {
            let request = format!("GET {target} HTTP/1.1\n{hosts}Connection: close\n\n");
            assert_eq!(status(&served, &request), expected, "{hosts} {target}");
        }
    }
    for (target, host, expected) in [
        ("http://127.0.0.1:PORT/info", "127.0.0.1:PORT", 200),
        ("http://evil.com/info", "127.0.0.1:PORT", 400),
        ("http://evil.com:PORT/info", "evil.com:PORT", 403),
        ("https://127.0.0.1:PORT/info", "localhost:PORT", 400),
    ] {
        let request = format!("GET {target} HTTP/1.1\nHost: {host}\nConnection: close\n\n");
        assert_eq!(status(&served, &request), expected, "{target} {host}");
    }
    assert_eq!(status(&served, "GET /info HTTP/1.0\n\n"), 400);
    assert_eq!(
        status(&served, "CONNECT evil.com:443 HTTP/1.1\nHost: evil.com:443\nConnection: close\n\n"),
        403
    );
}

#[test]
fn requests_from_other_sites_are_refused() {
    let served = Served::new();
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("T", "1")])).status, 202);
    let before = served.dump();
    let other = events_body([&span("T", "2")]);
    let json = ("Content-Type", "application/json");
    let same = format!("http://127.0.0.1:{}", served.port);
    for (method, path, headers) in [
        ("POST", "/api/v2/llmobs", vec![json, ("Origin", "https://evil.com")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Origin", "null")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Origin", "http://localhost:3000")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Origin", same.as_str()), ("Origin", "https://evil.com")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Sec-Fetch-Site", "cross-site")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Sec-Fetch-Site", "same-site")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")]),
        ("POST", "/api/v2/llmobs", vec![("Content-Type", "text/plain")]),
        ("POST", "/api/v2/llmobs", vec![("Content-Type", "TEXT/plain; charset=utf-8")]),
        ("POST", "/api/v2/llmobs", vec![("Content-Type", "multipart/form-data; boundary=x")]),
        ("POST", "/api/v2/llmobs", vec![("Content-Type", "application/x-www-form-urlencoded")]),
        ("POST", "/api/v2/llmobs", vec![json, ("Content-Type", "text/plain")]),
        ("POST", "/evp_proxy/v2/api/v2/llmobs", vec![json, ("Origin", "https://evil.com")]),
        ("POST", "/api/intake/llm-obs/v2/eval-metric", vec![json, ("Origin", "https://evil.com")]),
        ("DELETE", "/traces/T", vec![("Origin", "https://evil.com")]),
        ("GET", "/traces", vec![("Origin", "https://evil.com")]),
        ("GET", "/traces/T/spans/1/event.json", vec![("Sec-Fetch-Site", "cross-site")]),
        ("GET", "/assets/page.js", vec![("Sec-Fetch-Site", "cross-site")]),
        (
            "OPTIONS",
            "/api/v2/llmobs",
            vec![("Origin", "https://evil.com"), ("Access-Control-Request-Method", "POST")],
        ),
    ] {
        let reply = served.ask(method, path, &headers, &other);
        assert_eq!(reply.status, 403, "{method} {path} {headers:?}");
        assert!(
            reply.headers.iter().all(|(name, _)| !name.starts_with("access-control")),
            "{:?}",
            reply.headers
        );
        assert!(!reply.text().contains("step"), "{}", reply.text());
    }
    assert_eq!(served.dump(), before);
    assert_eq!(served.ask("POST", "/api/v2/llmobs", &[json, ("Origin", &same)], &other).status, 202);
}

#[test]
fn the_form_requires_its_key() {
    let served = Served::new();
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let own = served.origin.clone();
    for (headers, body, status) in [
        (vec![form, ("Origin", "https://evil.com")], "key=x", 403),
        (vec![form, ("Origin", own.as_str())], "key=x", 403),
        (vec![form], "key=", 403),
        (vec![form], "", 422),
        (vec![("Content-Type", "text/plain")], "key=x", 415),
    ] {
        assert_eq!(
            served.ask("POST", "/sample", &headers, body.as_bytes()).status,
            status,
            "{headers:?} {body}"
        );
    }
    assert_eq!(served.rows("span"), 0);
    let setup = served.get("/setup").text();
    let (_, rest) = setup.split_once("name=\"key\" value=\"").expect("the key");
    let key = rest.split('"').next().unwrap();
    let reply = served.ask("POST", "/sample", &[form, ("Origin", &own)], format!("key={key}").as_bytes());
    assert_eq!(reply.status, 303);
    let trace = served.get(reply.header("location").expect("a place"));
    assert_eq!((trace.status, served.rows("span")), (200, 6));
}
