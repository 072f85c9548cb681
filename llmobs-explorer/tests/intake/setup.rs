//! The requests on the setup page, and the answers at unknown addresses.

use crate::served::{Served, events_body, span};

/// The page as text.
pub(crate) fn setup_text(served: &Served) -> String {
    let page = served.get("/setup").text();
    let texts = page.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn unknown_addresses_answer_with_the_right_setting() {
    let served = Served::new();
    for (path, kind, reason) in [
        (
            "/v1/spans",
            "application/x-protobuf",
            "there is nothing at /v1/spans; OpenTelemetry sends spans to /v1/traces: \
             set OTEL_EXPORTER_OTLP_ENDPOINT to the address without a path",
        ),
        (
            "/v0.3/traces",
            "application/msgpack",
            "there is nothing at /v0.3/traces; tracers send traces to /v0.4/traces: set DD_TRACE_API_VERSION=v0.4",
        ),
        (
            "/evp_proxy/v1/api/v2/llmobs",
            "application/json",
            "there is nothing at /evp_proxy/v1/api/v2/llmobs; SDKs send LLM spans to /evp_proxy/v2/api/v2/llmobs: \
             set DD_LLMOBS_AGENTLESS_ENABLED=0",
        ),
        (
            "/a&b?x",
            "application/json",
            "there is nothing at /a&b; set DD_TRACE_AGENT_URL for Datadog's SDKs, \
             or OTEL_EXPORTER_OTLP_ENDPOINT for OpenTelemetry",
        ),
    ] {
        let reply = served.ask("POST", path, &[("Content-Type", kind)], b"x");
        assert_eq!((reply.status, reply.text()), (404, format!("{reason}\n")));
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(setup_text(&served).contains(&reason.replace('&', "&amp;")), "{reason}");
    }
    assert!(setup_text(&served).contains("other addresses 4 0 0 4"), "{}", setup_text(&served));
    let reply = served.ask("PUT", "/v1/traces", &[("Content-Type", "application/json")], b"{}");
    assert!(
        reply.status == 405 && reply.text().starts_with("/v1/traces does not support PUT; "),
        "{}",
        reply.text()
    );
}

#[test]
fn browsers_get_a_page_and_are_not_listed() {
    let served = Served::new();
    let reply = served.ask("GET", "/nothing", &[("Accept", "text/html,*/*")], b"");
    assert_eq!((reply.status, reply.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(reply.text().contains("There is no such page.<"), "{}", reply.text());
    let trace = served.get("/traces/none").text();
    assert!(trace.contains("There is no such trace. It may have been deleted"), "{trace}");
    let reply = served.get("/favicon.ico");
    assert_eq!((reply.status, reply.header("content-type")), (404, Some("text/plain; charset=utf-8")));
    assert!(
        setup_text(&served).ends_with("Nothing arrived. Recently refused Nothing was refused."),
        "{}",
        setup_text(&served)
    );
}

#[test]
fn arrivals_are_counted_by_route() {
    let served = Served::new();
    served.post("/api/v2/llmobs", &events_body([&span("T", "1"), &span("T", "2")]));
    served.post("/evp_proxy/v2/api/v2/llmobs", &events_body([&span("T", "3")]));
    served.post("/evp_proxy/v2/api/v2/llmobs", b"[1]");
    let setup = setup_text(&served);
    for counts in ["/api/v2/llmobs 1 2 0 0", "/evp_proxy/v2/api/v2/llmobs 2 1 0 1"] {
        assert!(setup.contains(counts), "{setup}");
    }
}

#[test]
fn the_page_has_commands_for_each_kind_of_program() {
    let served = Served::new();
    let (setup, origin) = (setup_text(&served), &served.origin);
    for line in [
        format!("DD_LLMOBS_ML_APP=my-app DD_TRACE_AGENT_URL={origin} cargo run"),
        format!("DD_TRACE_AGENT_URL={origin} \\ ddtrace-run python app.py"),
        format!("DD_TRACE_AGENT_URL={origin} \\ node --import dd-trace/initialize.mjs app.js"),
        format!("OTEL_EXPORTER_OTLP_ENDPOINT={origin}"),
    ] {
        assert!(setup.contains(&line), "{line}: {setup}");
    }
}

#[test]
fn refused_requests_are_listed_from_the_latest() {
    let served = Served::new();
    let form = ("Content-Type", "text/plain");
    assert_eq!(served.ask("POST", "/api/v2/llmobs", &[form], b"{}").status, 403);
    served.post("/evp_proxy/v2/api/v2/llmobs", b"[1]");
    let setup = setup_text(&served);
    let (_, refused) = setup.split_once("Recently refused").expect("a list");
    let [proxy, direct] = ["/evp_proxy/v2/api/v2/llmobs", " /api/v2/llmobs"].map(|path| refused.find(path));
    assert!(proxy.is_some() && proxy < direct, "{refused}");
}

/// Requests that are refused by access control are listed with a remedy. Secrets of requests are not shown.
#[test]
fn forbidden_requests_are_listed_with_a_remedy() {
    let served = Served::new();
    let body = events_body([&span("T", "1")]);
    let json = ("Content-Type", "application/json");
    let host = format!("Host: 127.0.0.1:{}\r\n", served.port);
    for _ in 0..3 {
        let foreign = [json, ("Origin", "https://evil.example"), ("DD-API-KEY", "s3cret")];
        assert_eq!(served.ask("POST", "/api/v2/llmobs?token=s3cret", &foreign, &body).status, 403);
    }
    assert_eq!(served.ask("POST", "/api/v2/llmobs", &[("Content-Type", "text/plain")], &body).status, 403);
    let request = format!(
        "POST /v1/traces HTTP/1.1\r\n{}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}",
        host.replace("127.0.0.1", "host.docker.internal")
    );
    assert_eq!(served.raw(request.as_bytes()).expect("an answer").status, 403);
    // Refused reads are not listed.
    assert_eq!(served.ask("GET", "/traces", &[("Origin", "https://evil.example")], b"").status, 403);
    let setup = setup_text(&served);
    let (_, refused) = setup.split_once("Recently refused When Sent to Reason ").expect("a list");
    let lines = [
        "/v1/traces the Host is not a name of this machine: use http://127.0.0.1 or http://localhost with the port; \
         from containers and other machines, start llmobs serve with --host 0.0.0.0 and send the token that it prints",
        "/api/v2/llmobs pages of other sites can send this Content-Type: send spans as application/json",
        "/api/v2/llmobs the request comes from a page of another site: open the explorer's address directly, \
         and send spans from programs (3 times)",
    ];
    let mut rest = refused;
    for line in lines {
        let (time, after) = rest.split_once(line).unwrap_or_else(|| panic!("{line}: {refused}"));
        assert!(time.trim().split(' ').count() <= 2, "{time}");
        rest = after;
    }
    assert_eq!(rest, "");
    assert!(!served.get("/setup").text().contains("s3cret"));
    assert_eq!(served.rows("rejection"), 0);
}
