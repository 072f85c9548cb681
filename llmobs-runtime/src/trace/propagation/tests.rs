//! Reading and writing headers, also at the limits and from hostile programs.

mod upstream;

use std::collections::{BTreeMap, HashMap};

use super::datadog;
use super::headers::{Headers, Llm};
use super::*;
use crate::trace::shared::Upstream;

type Pairs = Vec<(String, String)>;

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "most fields of headers are optional")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The `tracestate` that the reference SDK sends for a workflow with a session, without the parts of other tracers.
const STATE: &str = "dd=p:9174daf07368ec25;s:1;t.dm:-0;t.llmobs_sid:SD;t.llmobs_parent_id:10481242959061249061;\
     t.llmobs_trace_id:142240897612441679338336866858082010452;t.llmobs_ml_app:dist-app;t.llmobs_sr:1;t.llmobs_sd:1";
const PARENT: &str = "00-6b0299b400000000c945236e718f942d-9174daf07368ec25-01";

fn workflow() -> Headers {
    Headers {
        apm_id: TraceId::from_hex("6b0299b400000000c945236e718f942d").unwrap(),
        span_id: SpanId::from_decimal("10481242959061249061").unwrap(),
        upstream: Upstream { others: text("ot=rv:4d8c1a255787f4;th:0"), ..Upstream::default() },
        llm: Llm {
            session_id: text("SD"),
            parent_id: text("10481242959061249061"),
            trace_id: text("142240897612441679338336866858082010452"),
            ml_app: text("dist-app"),
            sample_rate: text("1"),
            sampling_decision: text("1"),
            agent_id: None,
            agent_name: None,
        },
    }
}

fn written(headers: Headers) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    datadog::write(headers, &mut map);
    map
}

#[test]
fn headers_are_read_and_written_like_those_of_the_reference_sdk() {
    let state = format!("{STATE},ot=rv:4d8c1a255787f4;th:0");
    let read = datadog::read(&pairs(&[("TraceParent", PARENT), ("tracestate", &state)]));
    assert_eq!(read, Some(workflow()));
    let expected = [
        ("traceparent", PARENT),
        ("tracestate", &state),
        ("x-datadog-parent-id", "10481242959061249061"),
        ("x-datadog-sampling-priority", "1"),
        (
            "x-datadog-tags",
            "_dd.p.tid=6b0299b400000000,_dd.p.dm=-0,_dd.p.llmobs_sid=SD,_dd.p.llmobs_parent_id=10481242959061249061,\
             _dd.p.llmobs_trace_id=142240897612441679338336866858082010452,_dd.p.llmobs_ml_app=dist-app,\
             _dd.p.llmobs_sr=1,_dd.p.llmobs_sd=1",
        ),
        ("x-datadog-trace-id", "14503037132275160109"),
    ];
    let map = written(workflow());
    assert_eq!(map.iter().map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>(), expected);
    // One family of headers is sufficient.
    let own: Pairs = map.clone().into_iter().filter(|(name, _)| name.starts_with("x-")).collect();
    assert_eq!(datadog::read(&own), Some(Headers { upstream: Upstream::default(), ..workflow() }));
    assert_eq!(datadog::read(&map), Some(workflow()));
}

/// Sets one value of the headers.
type Set = fn(&mut Headers, String);

#[test]
fn only_a_value_that_no_header_can_contain_is_left_out() {
    let mut full = workflow();
    full.llm.agent_id = text("7");
    full.llm.agent_name = text("agent");
    full.upstream.others = None;
    let fields: [(Set, Set); 3] = [
        (|headers, value| headers.llm.session_id = Some(value), |headers, _| headers.llm.session_id = None),
        (|headers, value| headers.llm.ml_app = Some(value), |headers, _| headers.llm.ml_app = None),
        (|headers, value| headers.llm.agent_name = Some(value), |headers, _| headers.llm.agent_name = None),
    ];
    for (set, leave_out) in fields {
        for bad in ["дом", "a,b", "a\nb", "a\u{7f}", " a", "a "] {
            let mut headers = full.clone();
            set(&mut headers, bad.to_owned());
            let map = written(headers);
            let mut expected = full.clone();
            leave_out(&mut expected, String::new());
            assert_eq!(map, written(expected), "{bad:?}");
        }
        // A value that `tracestate` cannot contain is only in the other header.
        let mut headers = full.clone();
        set(&mut headers, "a;b~c".to_owned());
        let mut map = written(headers.clone());
        assert_eq!(datadog::read(&map), Some(headers));
        let mut expected = full.clone();
        leave_out(&mut expected, String::new());
        assert_eq!(map.remove("tracestate"), written(expected).remove("tracestate"));
    }
}

/// The parent, its trace, the sampling decision and short values fit next to values of any length.
#[test]
fn only_a_value_that_is_too_long_is_left_out() {
    let long = |length: usize| "x".repeat(length);
    let tags = |set: &dyn Fn(&mut Headers)| {
        let mut headers = workflow();
        set(&mut headers);
        written(headers).remove("x-datadog-tags").unwrap()
    };
    let whole = tags(&|_| ());
    let room = 512 - whole.len();
    for length in [room + 3, 600, 100_000] {
        assert_eq!(
            tags(&|headers| headers.llm.session_id = Some(long(length))),
            tags(&|headers| headers.llm.session_id = None)
        );
        // The session is short and still fits.
        let app = length + "dist-app".len() + ",_dd.p.llmobs_sid=SD".len();
        assert_eq!(
            tags(&|headers| headers.llm.ml_app = Some(long(app))),
            tags(&|headers| headers.llm.ml_app = None)
        );
    }
    let longest = tags(&|headers| headers.llm.session_id = Some(long(room + 2)));
    assert_eq!((longest.len(), longest), (512, whole.replace("sid=SD", &format!("sid={}", long(room + 2)))));
    // If only one of both fits, it is the application.
    let both = tags(&|headers| {
        (headers.llm.session_id, headers.llm.ml_app) = (Some(long(200)), Some(long(193)));
    });
    assert_eq!(both, tags(&|headers| (headers.llm.session_id, headers.llm.ml_app) = (None, Some(long(193)))));
    // The tags of other tracers follow as far as they fit, one by one.
    let upstream = |tags: &[(&str, usize)]| {
        let tags = tags.iter().map(|(key, length)| ((*key).to_owned(), long(*length)));
        Upstream { tags: tags.collect(), others: None, ..Upstream::default() }
    };
    let passed_on = |given: &[(&str, usize)]| tags(&|headers| headers.upstream = upstream(given));
    assert_eq!(passed_on(&[("dm", 500), ("a", 500), ("b", 5)]), passed_on(&[("b", 5)]));
}

#[test]
fn the_agent_name_is_shortened_to_fit() {
    let with = |ml_app: usize, name: &str| {
        let mut headers = workflow();
        headers.llm.ml_app = Some("a".repeat(ml_app));
        headers.llm.agent_id = text("7");
        headers.llm.agent_name = text(name);
        let tags = written(headers).remove("x-datadog-tags").unwrap();
        let value = |key: &str| {
            let found = tags.split(',').find_map(|tag| tag.strip_prefix(key));
            found.map(|value| value.strip_prefix('=').unwrap_or(value).len())
        };
        (tags.len(), value("_dd.p.llmobs_pagent_span_id"), value("_dd.p.llmobs_pagent_name"))
    };
    let (around, _, _) = with(1, "n");
    let room = 512 - around;
    // A name of any length is cut to the available room.
    assert_eq!(with(1, &"n".repeat(room)), (511, Some(1), Some(room)));
    for length in [room + 1, room + 2, 600] {
        assert_eq!(with(1, &"n".repeat(length)), (512, Some(1), Some(room + 1)));
    }
    assert_eq!(with(room, "nn"), (512, Some(1), Some(2)));
    assert_eq!(with(1 + room, "nn"), (512, Some(1), Some(1)));
    // If no letter of the name fits, the name is left out, and with less room the agent.
    let name = "_dd.p.llmobs_pagent_name=n,".len();
    assert_eq!(with(2 + room, "nn"), (513 - name, Some(1), None));
    let id = "_dd.p.llmobs_pagent_span_id=7,".len();
    assert_eq!(with(1 + room + name, "nn"), (512, Some(1), None));
    assert_eq!(with(1 + room + name + 1, "nn"), (513 - id, None, None));
    assert_eq!(with(1 + room + name + id, "nn"), (512, None, None));
    for name in ["a,b", "a\nb", "é"] {
        let (_, id, name) = with(1, name);
        assert_eq!((id, name), (Some(1), None));
    }
    assert_eq!(with(1, "a=b").2, Some(3));
}

#[test]
fn tracestate_contains_the_values_that_fit() {
    let state = |set: &dyn Fn(&mut Headers)| {
        let mut headers = workflow();
        headers.upstream.others = None;
        set(&mut headers);
        written(headers).remove("tracestate").unwrap()
    };
    assert_eq!(state(&|_| ()), STATE);
    let without = STATE.replace("t.llmobs_sid:SD;", "");
    assert_eq!(state(&|headers| headers.llm.session_id = Some("s".repeat(300))), without);
    let room = 256 - (STATE.len() - "dd=".len()) + "SD".len();
    let session = |length| state(&|headers| headers.llm.session_id = Some("s".repeat(length)));
    assert_eq!(session(room), STATE.replace("SD", &"s".repeat(room)));
    assert_eq!(session(room + 1), without);
    // The ids take precedence over all other data.
    let long = |headers: &mut Headers| headers.upstream.tags = vec![("dm".to_owned(), "x".repeat(250))];
    assert_eq!(state(&long), STATE.replace("t.dm:-0;", ""));
    let others =
        |headers: &mut Headers| headers.upstream.others = Some(format!("big={},small=1", "x".repeat(400)));
    assert_eq!(state(&others), format!("{STATE},small=1"));
}

#[test]
fn invalid_headers_are_ignored() {
    let own = |trace: &str, parent: &str| {
        pairs(&[
            ("x-datadog-trace-id", trace),
            ("x-datadog-parent-id", parent),
            ("x-datadog-tags", "_dd.p.llmobs_sid=s"),
        ])
    };
    assert!(datadog::read(&own("1234", "5678")).is_some());
    let long = "1".repeat(10 << 20);
    for bad in ["", "0", "-1", "+1", "1.5", "0x10", "é", "18446744073709551616", &long, "1 2"] {
        assert_eq!(datadog::read(&own(bad, "5678")), None, "{bad:.20}");
        assert_eq!(datadog::read(&own("1234", bad)), None, "{bad:.20}");
    }
    let hex = "6b0299b400000000c945236e718f942d";
    for bad in [
        "",
        "00",
        &format!("ff-{hex}-9174daf07368ec25-01"),
        &format!("00-{hex}-9174daf07368ec25-01-more"),
        &format!("00-{hex}-0000000000000000-01"),
        &format!("00-{}-9174daf07368ec25-01", "0".repeat(32)),
        &format!("00-{}-9174daf07368ec25-01", hex.to_uppercase()),
        &format!("00-{hex}-9174daf07368ec2-01"),
        &format!("00-{hex}-9174daf07368ec25-0"),
        &format!("00-{hex}-9174daf07368ec25-{long}"),
    ] {
        assert_eq!(datadog::read(&pairs(&[("traceparent", bad), ("tracestate", STATE)])), None, "{bad:.80}");
    }
    let later = format!("01-{hex}-9174daf07368ec25-01-more");
    assert!(datadog::read(&pairs(&[("traceparent", &later)])).is_some());
}

#[test]
fn a_repeated_header_counts_if_both_values_are_the_same() {
    let twice = |second: &str| {
        let mut map: HashMap<String, Vec<u8>> = HashMap::new();
        map.insert("x-datadog-trace-id".to_owned(), b"1234".to_vec());
        map.insert("X-Datadog-Trace-Id".to_owned(), second.into());
        map.insert("x-datadog-parent-id".to_owned(), b"5678".to_vec());
        datadog::read(&map).map(|headers| headers.apm_id.low64())
    };
    assert_eq!(twice("1234"), Some(1234));
    assert_eq!(twice("1235"), None);
}

#[test]
fn lines_of_tracestate_are_joined() {
    let read = |lines: &[&str]| {
        let mut headers = pairs(&[("traceparent", PARENT)]);
        headers.extend(lines.iter().map(|line| ("tracestate".to_owned(), (*line).to_owned())));
        datadog::read(&headers)
    };
    assert_eq!(read(&[STATE, "ot=rv:4d8c1a255787f4;th:0"]), Some(workflow()));
    assert_eq!(read(&[STATE, STATE, "ot=rv:4d8c1a255787f4;th:0"]), Some(workflow()));
    let many = "a=1,".repeat(1024);
    let llm = |lines: &[&str]| read(lines).map(|headers| headers.llm.parent_id);
    assert_eq!(llm(&[STATE, &many]), Some(workflow().llm.parent_id));
    // Longer than 8 KiB in total.
    assert_eq!(llm(&[STATE, &many, &format!("{many} ")]), Some(None));
    assert_eq!(llm(&[STATE, "\u{7f}"]), Some(None));
}

#[test]
fn invalid_tags_do_not_affect_the_ids() {
    for tags in ["\u{7f}", "=,,=", "_dd.p.tid=xyz", "_dd.p.tid=1", &"x".repeat(9000)] {
        let headers = pairs(&[
            ("x-datadog-trace-id", "1234"),
            ("x-datadog-parent-id", "5678"),
            ("x-datadog-tags", tags),
        ]);
        let read = datadog::read(&headers).unwrap();
        assert_eq!(
            (read.apm_id.to_string(), read.llm),
            (format!("{:032x}", 1234), Llm::default()),
            "{tags:.20}"
        );
    }
}

#[test]
fn setting_a_header_replaces_it_regardless_of_case() {
    let mut map = HashMap::from([
        ("X-Datadog-Trace-Id".to_owned(), "1".to_owned()),
        ("other".to_owned(), "2".to_owned()),
    ]);
    datadog::write(workflow(), &mut map);
    assert_eq!(map.len(), 7);
    assert_eq!(map.get("x-datadog-trace-id").map(String::as_str), Some("14503037132275160109"));
    let mut tree = BTreeMap::from([("X-Datadog-Trace-Id".to_owned(), "1".to_owned())]);
    datadog::write(workflow(), &mut tree);
    assert_eq!(tree.len(), 6);
    let mut list: Pairs = pairs(&[("TRACEPARENT", "old")]);
    datadog::write(workflow(), &mut list);
    assert_eq!(list.len(), 6);
}

#[test]
fn a_header_of_more_than_eight_kibibytes_or_with_control_characters_is_ignored() {
    let session = |session: &str| {
        let tags = format!("_dd.p.llmobs_sid={session}");
        let ids = [("x-datadog-trace-id", "1234"), ("x-datadog-parent-id", "5678")];
        let headers = datadog::read(&pairs(&[ids[0], ids[1], ("x-datadog-tags", &tags)]));
        headers.unwrap().llm.session_id
    };
    let longest = "s".repeat(8 * 1024 - "_dd.p.llmobs_sid=".len());
    assert_eq!(session(&longest), Some(longest.clone()));
    assert_eq!(session(&format!("{longest}s")), None);
    for bad in ["a\u{1b}[2Jb", "a\nb", "a\u{7f}b", "aéb"] {
        assert_eq!(session(bad), None, "{bad:?}");
    }
}

#[cfg(feature = "http")]
#[test]
fn headers_of_the_http_crate() {
    let mut map = http::HeaderMap::new();
    for _ in 0..2 {
        datadog::write(workflow(), &mut map);
    }
    assert_eq!((map.len(), datadog::read(&map)), (6, Some(workflow())));
    map.append("x-datadog-trace-id", http::HeaderValue::from_static("1"));
    map.insert("traceparent", http::HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert_eq!(datadog::read(&map), None);
}
