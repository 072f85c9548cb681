//! V6: only embedded files are served, and every answer has the security headers.

use crate::served::{Reply, Served, events_body, metrics_body, span};

const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

fn assert_headers(reply: &Reply, what: &str) {
    for (name, value) in HEADERS {
        assert_eq!(reply.header(name), Some(value), "{what}: {name}");
    }
}

#[test]
fn every_answer_has_the_security_headers() {
    let served = Served::new();
    let mut event = span("T", "1");
    event["session_id"] = "s".into();
    served.post("/api/v2/llmobs", &events_body([&event]));
    for (path, status) in [
        ("/", 303),
        ("/traces", 200),
        ("/traces?q=%22", 400),
        ("/traces/T", 200),
        ("/traces/T?span=1", 200),
        ("/traces/T/rows?of=", 200),
        ("/traces/T/rows", 400),
        ("/traces/T/spans/1", 200),
        ("/traces/T/spans/1/event.json", 200),
        ("/traces/none", 404),
        ("/traces/%ff", 400),
        ("/sessions", 200),
        ("/sessions/s", 200),
        ("/evaluations", 200),
        ("/setup", 200),
        ("/assets/style.css", 200),
        ("/assets/page.js", 200),
        ("/assets/trace.js", 200),
        ("/assets/live.js", 200),
        ("/assets/theme.js", 200),
        ("/assets/icon.svg", 200),
        ("/assets/none", 404),
        ("/info", 200),
        ("/api/changes", 200),
        ("/api/ended", 200),
        ("/none", 404),
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, status, "{path}");
        assert_headers(&reply, path);
    }
    for (path, body, status) in [
        ("/api/v2/llmobs", events_body([&span("T", "2")]), 202),
        ("/api/v2/llmobs", b"{".to_vec(), 400),
        ("/api/intake/llm-obs/v2/eval-metric", metrics_body(&serde_json::json!([])), 202),
        ("/sample", Vec::new(), 415),
        ("/traces", Vec::new(), 405),
    ] {
        let reply = served.post(path, &body);
        assert_eq!(reply.status, status, "{path}");
        assert_headers(&reply, path);
    }
    let foreign = served.ask("GET", "/traces", &[("Origin", "https://evil.com")], b"");
    assert_eq!(foreign.status, 403);
    assert_headers(&foreign, "foreign");
}

#[test]
fn pages_have_no_inline_scripts_or_styles() {
    let served = Served::new();
    served.post("/api/v2/llmobs", &events_body([&span("T", "1")]));
    for path in ["/traces", "/traces/T", "/sessions", "/evaluations", "/setup", "/none"] {
        let page = served.get(path).text();
        for script in page.match_indices("<script").map(|(at, _)| &page[at..]) {
            assert!(script.starts_with("<script src=\"/assets/"), "{path}: {}", &script[..60]);
        }
        for own in ["<style", " style=", " onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!page.contains(own), "{path}: {own}");
        }
    }
}

#[test]
fn no_path_serves_a_file_of_the_system() {
    let served = Served::new();
    let long = format!("/{}", "a".repeat(64 * 1024));
    let long_name = format!("/traces/{}", "a".repeat(16 * 1024));
    for (path, allowed) in [
        ("/../../etc/passwd", &[404][..]),
        ("/assets/../../../../etc/passwd", &[404]),
        ("/assets/..%2f..%2f..%2fetc%2fpasswd", &[404]),
        ("/assets/%2e%2e%2f%2e%2e%2fCargo.toml", &[404]),
        ("/assets/%2e%2e/Cargo.toml", &[404]),
        ("/assets//etc/passwd", &[404]),
        ("//etc/passwd", &[404]),
        ("//", &[404]),
        ("/assets/", &[404]),
        ("/assets/page.js%00.css", &[404]),
        ("/assets/PAGE.JS", &[404]),
        ("/%00", &[404]),
        ("/traces/%00", &[404]),
        ("/traces/%c0%ae%c0%ae", &[400]),
        ("/traces/..%2f..%2f", &[404]),
        (&long_name, &[404]),
        // The head of a request has at most 64 KiB.
        (&long, &[404, 414, 431]),
    ] {
        let reply = served.get(path);
        assert!(allowed.contains(&reply.status), "{}: {}", &path[..path.len().min(60)], reply.status);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(!text.contains("root:") && !text.contains("[package]"), "{path}");
    }
    // Invalid request targets are refused.
    for target in ["/\0", "/a b", "etc/passwd", "*", ""] {
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", served.port);
        let status = served.raw(request.as_bytes()).map_or(400, |reply| reply.status);
        assert!([400, 404].contains(&status), "{target:?}: {status}");
    }
    assert_eq!(served.get("/info").status, 200);
}

#[test]
fn only_the_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let served = Served::new();
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("T", "1")])).status, 202);
    for suffix in ["", "-wal", "-shm"] {
        let mut file = served.store.clone().into_os_string();
        file.push(suffix);
        let mode = std::fs::metadata(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}
