//! A trace that passes through this program: incoming headers are passed on, with a span of this program as the parent.

use std::collections::{BTreeMap, HashMap};

use llmobs::testing::Collector;

type Headers = BTreeMap<String, String>;

/// The outgoing headers of a span that continues these headers, with the id of the span as `ID` and `HEX`.
fn hop(collector: &Collector, headers: &[(&str, &str)]) -> Headers {
    let (span, out) = collector.enter(|| {
        llmobs::extract(headers).enter(|| {
            let span = llmobs::task("hop").start();
            let mut out = Headers::new();
            span.inject(&mut out);
            (span.export().unwrap(), out)
        })
    });
    let hex = format!("{:016x}", span.span_id.parse::<u64>().unwrap());
    let masked = |value: String| value.replace(&span.span_id, "ID").replace(&hex, "HEX");
    out.into_iter().map(|(name, value)| (name, masked(value))).collect()
}

fn expected<const N: usize>(headers: [(&str, &str); N]) -> Headers {
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

const PARENT: &str = "00-6b0299b400000000c945236e718f942d-9174daf07368ec25-00";

#[test]
fn priority_and_values_of_other_vendors_are_passed_on() {
    let state = "vendor=x, dd=s:-1;t.dm:-4;t.llmobs_sid:a~b;t.llmobs_parent_id:7;t.llmobs_trace_id:12;t.llmobs_ml_app:app,ot=y";
    let collector = Collector::new();
    let out = hop(&collector, &[("traceparent", PARENT), ("tracestate", state)]);
    assert_eq!(
        out,
        expected([
            ("traceparent", "00-6b0299b400000000c945236e718f942d-HEX-00"),
            (
                "tracestate",
                "dd=p:HEX;s:-1;t.dm:-4;t.llmobs_sid:a~b;t.llmobs_parent_id:ID;t.llmobs_trace_id:12;t.llmobs_ml_app:app,\
                 vendor=x,ot=y"
            ),
            ("x-datadog-parent-id", "ID"),
            ("x-datadog-sampling-priority", "-1"),
            (
                "x-datadog-tags",
                "_dd.p.tid=6b0299b400000000,_dd.p.dm=-4,_dd.p.llmobs_sid=a=b,_dd.p.llmobs_parent_id=ID,\
                 _dd.p.llmobs_trace_id=12,_dd.p.llmobs_ml_app=app"
            ),
            ("x-datadog-trace-id", "14503037132275160109"),
        ])
    );
    let span = collector.span("hop");
    assert_eq!((span.parent_id(), span.trace_id(), span.session_id()), (Some("7"), "12", Some("a=b")));
}

#[test]
fn priority_and_values_of_other_vendors_are_passed_on_without_an_llm_span() {
    let collector = Collector::new();
    let mut out = hop(&collector, &[("traceparent", PARENT), ("tracestate", "dd=s:-1,vendor=x")]);
    let span = collector.span("hop");
    assert_eq!(span.parent_id(), None);
    let id = u128::from_str_radix(span.trace_id(), 16).unwrap().to_string();
    for value in out.values_mut() {
        *value = value.replace(&id, "TRACE");
    }
    assert_eq!(
        out,
        expected([
            ("traceparent", "00-6b0299b400000000c945236e718f942d-HEX-00"),
            (
                "tracestate",
                "dd=p:HEX;s:-1;t.llmobs_parent_id:ID;t.llmobs_trace_id:TRACE;t.llmobs_ml_app:test-app;\
                 t.llmobs_sr:1;t.llmobs_sd:1,vendor=x"
            ),
            ("x-datadog-parent-id", "ID"),
            ("x-datadog-sampling-priority", "-1"),
            (
                "x-datadog-tags",
                "_dd.p.tid=6b0299b400000000,_dd.p.llmobs_parent_id=ID,_dd.p.llmobs_trace_id=TRACE,\
                 _dd.p.llmobs_ml_app=test-app,_dd.p.llmobs_sr=1,_dd.p.llmobs_sd=1"
            ),
            ("x-datadog-trace-id", "14503037132275160109"),
        ])
    );
}

#[test]
fn the_span_of_the_headers_replaces_the_current_span() {
    let collector = Collector::new();
    let tags = "_dd.p.llmobs_parent_id=7";
    let headers = [("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34"), ("x-datadog-tags", tags)];
    collector.enter(|| {
        llmobs::workflow("outside").start().enter(|| {
            hop_from_here(&headers);
            llmobs::annotation_context().tag("t", 1).enter(|| hop_from_here(&headers));
            llmobs::task("after").start().finish();
        });
    });
    let outside = collector.span("outside").span_id().to_owned();
    let parents: Vec<_> = collector.spans().iter().map(|span| span.parent_id().map(str::to_owned)).collect();
    assert_eq!(parents, [None, Some("7".to_owned()), Some("7".to_owned()), Some(outside)]);
}

fn hop_from_here(headers: &[(&str, &str)]) {
    llmobs::extract(headers).enter(|| llmobs::task("hop").start().finish());
}

#[test]
fn empty_sessions_and_applications_and_invalid_trace_ids_are_ignored() {
    let collector = Collector::new();
    let tags = "_dd.p.llmobs_parent_id=7,_dd.p.llmobs_trace_id=x,_dd.p.llmobs_sid=,_dd.p.llmobs_ml_app=";
    hop(&collector, &[("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34"), ("x-datadog-tags", tags)]);
    let span = collector.span("hop");
    assert_eq!((span.parent_id(), span.trace_id()), (Some("7"), "12"));
    assert_eq!((span.session_id(), span.ml_app()), (None, "test-app"));
}

/// Datadog's SDK for Python falls back to the id of the request, too, and writes ids of 64 bits in decimal.
#[test]
fn all_programs_after_a_missing_trace_id_write_the_id_of_the_request_alike() {
    for (high, expected) in [("", "12"), (",_dd.p.tid=6b0299b400000000", "6b0299b400000000000000000000000c")]
    {
        let collector = Collector::new();
        let tags = format!("_dd.p.llmobs_parent_id=7{high}");
        let headers =
            [("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34"), ("x-datadog-tags", &tags)];
        let mut sent = HashMap::<String, String>::new();
        collector.enter(|| {
            llmobs::extract(headers.as_slice()).enter(|| {
                llmobs::task("first").start().enter(|| llmobs::inject(&mut sent));
            });
            llmobs::extract(&sent).enter(|| llmobs::task("second").start().finish());
        });
        let ids = ["first", "second"].map(|name| collector.span(name).trace_id().to_owned());
        assert_eq!(ids, [expected; 2]);
    }
}

/// The one line that the handler of a request needs.
#[llmobs::workflow(parent = llmobs::extract(headers))]
fn handle(headers: &[(&str, &str)]) {
    llmobs::task("inside").start().finish();
    let _ = headers;
}

#[llmobs::workflow(parent = llmobs::extract(headers))]
async fn handle_later(headers: &[(&str, &str)]) {
    std::future::ready(()).await;
    llmobs::task("inside").start().finish();
    let _ = headers;
}

#[test]
fn the_parent_of_an_attribute_can_be_read_from_headers() {
    let tags = "_dd.p.llmobs_parent_id=7,_dd.p.llmobs_trace_id=12";
    let headers = [("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34"), ("x-datadog-tags", tags)];
    let collector = Collector::new();
    collector.enter(|| {
        handle(&headers);
        pollster::block_on(handle_later(&headers));
    });
    let spans = collector.spans();
    let seen: Vec<_> = spans.iter().map(|span| (&*span.name, span.trace_id(), span.parent_id())).collect();
    let [first, second] = [0, 2].map(|at| spans[at].span_id());
    assert_eq!(
        seen,
        [
            ("handle", "12", Some("7")),
            ("inside", "12", Some(first)),
            ("handle_later", "12", Some("7")),
            ("inside", "12", Some(second)),
        ]
    );
}

/// The place in the trace, the session, the application and the agent of a child span in another program.
#[derive(Debug, PartialEq)]
struct Below {
    is_child: bool,
    session: Option<String>,
    ml_app: String,
    agent: Option<String>,
}

/// The child of an agent in another program that only gets the headers whose names begin with `family`.
fn below(family: &str, session: &str, ml_app: &str, agent: &str) -> Below {
    let collector = Collector::new();
    collector.enter(|| {
        let mut headers = Headers::new();
        llmobs::agent(agent.to_owned()).session_id(session).ml_app(ml_app).start().inject(&mut headers);
        headers.retain(|name, _| name.starts_with(family));
        llmobs::extract(&headers).enter(|| llmobs::task("below").start().finish());
    });
    let (above, below) = (collector.span(agent), collector.span("below"));
    let attribution = &collector.event(&below)["meta"]["agent_attribution"];
    assert_eq!(attribution["pagent_span_id"], above.span_id());
    Below {
        is_child: below.parent_id() == Some(above.span_id()) && below.trace_id() == above.trace_id(),
        session: below.session_id().map(str::to_owned),
        ml_app: below.ml_app().to_owned(),
        agent: attribution["pagent_name"].as_str().map(str::to_owned),
    }
}

#[test]
fn values_that_headers_cannot_carry_are_absent_and_the_rest_is_kept() {
    let some = |text: &str| Some(text.to_owned());
    // This name does not fit into `tracestate`, even with short ids. The other header has it.
    let agent = "a".repeat(64);
    for (family, name) in [("x-datadog-", some(&agent)), ("trace", None)] {
        let whole = |agent| Below { is_child: true, session: some("s"), ml_app: "app".to_owned(), agent };
        assert_eq!(below(family, "s", "app", &agent), whole(name.clone()), "{family}");
        for bad in ["дом", "a,b", "a\nb", &"x".repeat(600)] {
            let without_session = Below { session: None, ..whole(name.clone()) };
            assert_eq!(below(family, bad, "app", &agent), without_session, "{family} {bad:.9}");
            let without_app = Below { ml_app: "test-app".to_owned(), ..whole(name.clone()) };
            assert_eq!(below(family, "s", bad, &agent), without_app, "{family} {bad:.9}");
        }
        assert_eq!(below(family, "s", "app", "a,b"), whole(None), "{family}");
    }
}
