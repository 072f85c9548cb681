//! Data of other tracers about a trace, besides ids and LLM Observability: how it is read and propagated.

use std::collections::HashMap;

use super::*;
use crate::testing::Collector;

#[test]
fn the_priority_comes_from_the_tracer_or_the_sampled_flag() {
    let own = |priority: Option<&str>| {
        let mut headers = pairs(&[("x-datadog-trace-id", "1234"), ("x-datadog-parent-id", "5678")]);
        headers
            .extend(priority.map(|priority| ("x-datadog-sampling-priority".to_owned(), priority.to_owned())));
        datadog::read(&headers).map(|headers| headers.upstream.priority)
    };
    let priorities = [None, Some("2"), Some("0"), Some("-1"), Some("keep"), Some("300")].map(own);
    assert_eq!(priorities, [1, 2, 0, -1, 1, 1].map(Some));
    let w3c = |flags: &str, state: &str| {
        let parent = format!("00-6b0299b400000000c945236e718f942d-9174daf07368ec25-{flags}");
        let headers = datadog::read(&pairs(&[("traceparent", &parent), ("tracestate", state)]));
        headers.map(|headers| headers.upstream.priority)
    };
    // A priority that contradicts the flag is from an earlier program than the flag.
    for (flags, state, priority) in [
        ("01", "", 1),
        ("00", "", 0),
        ("03", "", 1),
        ("02", "", 0),
        ("01", "dd=s:2", 2),
        ("01", "dd=s:-1", 1),
        ("00", "dd=s:-1", -1),
        ("00", "dd=s:2", 0),
        ("01", "dd=s:keep", 1),
    ] {
        assert_eq!(w3c(flags, state), Some(priority), "{flags} {state}");
    }
    for (priority, shown, flag) in [(2, "2", "-01"), (0, "0", "-00"), (-1, "-1", "-00")] {
        let map = written(Headers { upstream: Upstream { priority, ..Upstream::default() }, ..workflow() });
        assert_eq!(map["x-datadog-sampling-priority"], shown);
        assert!(map["traceparent"].ends_with(flag), "{map:?}");
        assert!(map["tracestate"].contains(&format!(";s:{shown};")), "{map:?}");
    }
}

#[test]
fn data_of_another_trace_is_ignored() {
    let own = pairs(&[
        ("x-datadog-trace-id", "1234"),
        ("x-datadog-parent-id", "5678"),
        ("traceparent", PARENT),
        ("tracestate", STATE),
    ]);
    let expected = Headers {
        apm_id: TraceId::from_halves(0, 1234).unwrap(),
        span_id: SpanId::from_decimal("5678").unwrap(),
        upstream: Upstream::with_priority(1),
        llm: Llm::default(),
    };
    assert_eq!(datadog::read(&own), Some(expected));
}

#[test]
fn the_tracestate_of_others_is_limited() {
    let members =
        |range: std::ops::Range<usize>| range.map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    let others = |state: &str| {
        let headers = datadog::read(&pairs(&[("traceparent", PARENT), ("tracestate", state)]));
        headers.unwrap().upstream.others
    };
    // 32 members, one of them Datadog's.
    assert_eq!(others(&format!("dd=s:1,{}", members(0..40))), Some(members(0..31)));
    let upstream = Upstream { others: Some(members(0..40)), ..Upstream::default() };
    let state = written(Headers { upstream, ..workflow() }).remove("tracestate");
    assert_eq!(state, Some(format!("{STATE},{}", members(0..31))));
    let longest = format!("big={}", "x".repeat(508));
    assert_eq!(others(&longest), Some(longest.clone()));
    assert_eq!(others(&format!("{longest}x")), None);
    // Values of headers that are written are printable.
    assert_eq!(others("a=1\t,\tb=x\ty,c=3"), Some("a=1,c=3".to_owned()));
}

/// Returns the propagated headers, given tags of the request and a part of `tracestate`. Empty ones are not sent.
fn passed_on(tags: &str, state: &str) -> [String; 2] {
    let ids = [("x-datadog-trace-id", "1234"), ("x-datadog-parent-id", "5678"), ("x-datadog-tags", tags)];
    let parent = format!("00-{:032x}-{:016x}-01", 1234, 5678);
    let w3c = [("traceparent", parent.as_str()), ("tracestate", state)];
    let headers =
        [if tags.is_empty() { &[] } else { &ids[..] }, if state.is_empty() { &[] } else { &w3c }].concat();
    let collector = Collector::new();
    let mut map: HashMap<String, String> = HashMap::new();
    collector.enter(|| extract(headers.as_slice()).enter(|| crate::task("t").start().inject(&mut map)));
    let llm = |entry: &&str| !entry.contains("llmobs_") && !entry.starts_with("dd=p:");
    let rest = |name: &str, between: char| {
        let rest: Vec<&str> = map[name].split(between).filter(llm).collect();
        rest.join(";")
    };
    [rest("x-datadog-tags", ','), rest("tracestate", ';')]
}

#[test]
fn data_of_tracers_is_passed_on_unchanged() {
    let none = "_dd.p.tid=0000000000000000";
    let tags = "_dd.p.dm=-4,_dd.p.ts=02,_dd.p.usr.id=a=b,other=1";
    let expected = [
        format!("{none};_dd.p.dm=-4;_dd.p.ts=02;_dd.p.usr.id=a=b"),
        "s:1;t.dm:-4;t.ts:02;t.usr.id:a~b".into(),
    ];
    assert_eq!(passed_on(tags, ""), expected);
    assert_eq!(passed_on(&format!("{tags},_dd.p.llmobs_parent_id=7"), ""), expected);
    assert_eq!(passed_on("", "dd=s:1;t.dm:-4;t.ts:02;t.usr.id:a~b;t.llmobs_parent_id:7"), expected);
    // Datadog's own headers take precedence.
    assert_eq!(passed_on(tags, "dd=s:1;t.dm:-9;t.new:1"), expected);
    // No decision maker was propagated, and none is added.
    assert_eq!(passed_on("_dd.p.llmobs_parent_id=7", ""), [none.to_owned(), "s:1".to_owned()]);
    let mut begun: HashMap<String, String> = HashMap::new();
    Collector::new().enter(|| crate::task("t").start().inject(&mut begun));
    assert!(begun["x-datadog-tags"].contains(",_dd.p.dm=-0,") && begun["tracestate"].contains(";t.dm:-0;"));
}

#[test]
fn propagated_tags_are_limited_and_valid() {
    let none = "_dd.p.tid=0000000000000000";
    let long = "x".repeat(512 - ",_dd.p.dm=-4".len() - ",_dd.p.long=".len());
    let tags = |tags: &str| passed_on(tags, "")[0].clone();
    for bad in [
        "_dd.p.=1",
        "_dd.p.a b=1",
        "_dd.p.a:b=1",
        "_dd.p.llmobs_new=1",
        "_dd.p.dm=-5",
        &format!("_dd.p.long={long}x"),
    ] {
        assert_eq!(tags(&format!("_dd.p.dm=-4,{bad}")), format!("{none};_dd.p.dm=-4"), "{bad:.40}");
    }
    // The long tag is read, but left out to make room for the ids of LLM spans.
    let read = datadog::read(&pairs(&[
        ("x-datadog-trace-id", "1234"),
        ("x-datadog-parent-id", "5678"),
        ("x-datadog-tags", &format!("_dd.p.dm=-4,_dd.p.long={long}")),
    ]));
    assert_eq!(read.unwrap().upstream.tags.len(), 2);
    assert_eq!(tags(&format!("_dd.p.dm=-4,_dd.p.long={long}")), format!("{none};_dd.p.dm=-4"));
}

#[test]
fn the_origin_is_propagated() {
    let ids = [("x-datadog-trace-id", "1234"), ("x-datadog-parent-id", "5678")];
    let parent = format!("00-{:032x}-{:016x}-01", 1234, 5678);
    let passed_on = |headers: &[(&str, &str)]| {
        let headers = datadog::read(&pairs(headers)).unwrap();
        let mut map = written(headers);
        let state = map.remove("tracestate").unwrap();
        let state = state.split(';').find_map(|entry| entry.strip_prefix("o:").map(str::to_owned));
        [map.remove("x-datadog-origin"), state]
    };
    let own = |origin| passed_on(&[ids[0], ids[1], ("x-datadog-origin", origin)]);
    let w3c = |state| passed_on(&[("traceparent", &parent), ("tracestate", state)]);
    assert_eq!(own("synthetics"), [text("synthetics"), text("synthetics")]);
    assert_eq!(own("a=b;c"), [text("a=b;c"), text("a~b_c")]);
    let long = "x".repeat(300);
    assert_eq!(own(&long), [Some(long.clone()), None]);
    for bad in ["", "a\tb", "a,b", &"x".repeat(513)] {
        assert_eq!(own(bad), [None, None], "{bad:.20}");
    }
    assert_eq!(w3c("dd=s:1;o:a~b;t.dm:-4"), [text("a=b"), text("a~b")]);
    assert_eq!(w3c("dd=s:1;o:"), [None, None]);
    let both = [ids[0], ids[1], ("traceparent", &parent), ("tracestate", "dd=o:rum")];
    assert_eq!(passed_on(&both), [text("rum"), text("rum")]);
    let both = [both.as_slice(), &[("x-datadog-origin", "lambda")]].concat();
    assert_eq!(passed_on(&both), [text("lambda"), text("lambda")]);
}
