//! Sampling decisions: one for each trace, the same for all its spans, here and in other programs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use llmobs::testing::Collector;
use llmobs::{Config, SamplingRule};
use serde_json::{Value, json};

/// The rate and decision of the span with this name.
fn decision(collector: &Collector, name: &str) -> Value {
    let own = collector.event(&collector.span(name))["_dd"].clone();
    json!([own["sample_rate"], own["sampling_decision"]])
}

#[test]
fn decides_once_for_a_trace_by_the_hash_of_its_id() {
    let collector = Collector::with_config(&Config::from_env().sample_rate(0.5));
    collector.enter(|| {
        for _ in 0..200 {
            llmobs::workflow("w").start().enter(|| llmobs::task("t").start().finish());
        }
    });
    let mut decisions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in collector.events() {
        assert_eq!(event["_dd"]["sample_rate"], "0.5");
        let id = event["_dd"]["apm_trace_id"].as_str().unwrap().to_owned();
        decisions
            .entry(id)
            .or_default()
            .insert(event["_dd"]["sampling_decision"].as_str().unwrap().to_owned());
    }
    assert_eq!(decisions.len(), 200);
    for (id, decisions) in decisions {
        let low = u64::from_str_radix(id.get(16..).unwrap(), 16).unwrap();
        let kept = low.wrapping_mul(1_111_111_111_111_111_111) <= u64::MAX / 2;
        assert_eq!(decisions, BTreeSet::from([u8::from(kept).to_string()]), "{id}");
    }
}

#[test]
fn uses_the_tags_of_the_root_at_the_end_of_the_first_span() {
    let rules = [SamplingRule::new(0.0).tag("tier", "free"), SamplingRule::new(0.25).tag("env", "PROD*")];
    let config = rules.into_iter().fold(Config::from_env().env("production"), Config::sampling_rule);
    let collector = Collector::with_config(&config);
    collector.enter(|| {
        let free = llmobs::workflow("free").start();
        free.annotate(|note| {
            note.tag("tier", "FREE");
        });
        free.enter(|| llmobs::task("inside").start().finish());
        free.finish();
        let late = llmobs::workflow("late").start();
        late.enter(|| llmobs::task("before").start().finish());
        late.annotate(|note| {
            note.tag("tier", "free");
        });
        late.finish();
        let child = llmobs::workflow("child is free").start();
        child.enter(|| {
            llmobs::task("free child").start().annotate(|note| {
                note.tag("tier", "free");
            });
        });
        child.finish();
    });
    assert_eq!(
        ["free", "inside"].map(|name| decision(&collector, name)),
        [json!(["0", "0"]), json!(["0", "0"])]
    );
    for name in ["late", "before", "child is free", "free child"] {
        assert_eq!(decision(&collector, name)[0], "0.25", "{name}");
    }
}

#[test]
fn rules_match_the_session_and_application_of_the_first_span() {
    let rules = [
        SamplingRule::new(0.25).tag("session_id", "beta-*"),
        SamplingRule::new(0.5).tag("ml_app", "batch"),
        SamplingRule::new(0.75).tag("ml_app", "test"),
    ];
    let config = rules.into_iter().fold(Config::from_env().ml_app("test"), Config::sampling_rule);
    let collector = Collector::with_config(&config);
    collector.enter(|| {
        llmobs::task("session").session_id("beta-1").start().finish();
        llmobs::task("said").start().annotate(|note| {
            note.session_id("beta-2");
        });
        llmobs::task("application").ml_app("batch").start().finish();
        llmobs::task("neither").start().finish();
    });
    let rate = |name| decision(&collector, name)[0].clone();
    assert_eq!(["session", "said", "application", "neither"].map(rate), ["0.25", "0.25", "0.5", "0.75"]);
}

#[test]
fn rate_has_the_same_digits_in_headers_and_on_spans() {
    let collector = Collector::with_config(&Config::from_env().sample_rate(1.0 / 3.0));
    let mut headers: HashMap<String, String> = HashMap::new();
    collector.enter(|| llmobs::task("t").start().inject(&mut headers));
    assert_eq!(decision(&collector, "t")[0], "0.333333");
    assert!(headers["x-datadog-tags"].contains("_dd.p.llmobs_sr=0.333333,"), "{headers:?}");
    assert!(headers["tracestate"].contains(";t.llmobs_sr:0.333333;"), "{headers:?}");
}

#[test]
fn decision_is_passed_on_to_other_programs_and_kept_there() {
    let here = Collector::with_config(&Config::from_env().sample_rate(0.0));
    let there = Collector::new();
    let (mut first, mut second): (HashMap<String, String>, HashMap<String, String>) = Default::default();
    here.enter(|| llmobs::workflow("here").start().inject(&mut first));
    there.enter(|| {
        llmobs::extract(&first).enter(|| {
            let span = llmobs::workflow("there").start();
            span.inject(&mut second);
        });
    });
    assert_eq!(decision(&there, "there"), json!(["0", "0"]));
    let sampling = |headers: &HashMap<String, String>| {
        let tags =
            headers["x-datadog-tags"].split(',').filter(|tag| tag.contains("_sr=") || tag.contains("_sd="));
        tags.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sampling(&second), ["_dd.p.llmobs_sr=0", "_dd.p.llmobs_sd=0"]);
    assert_eq!(sampling(&first), sampling(&second));
}

#[test]
fn uses_the_tags_at_the_start_of_the_first_span() {
    let collector = Collector::with_config(
        &Config::from_env().sampling_rule(SamplingRule::new(0.0).tag("tier", "free").tag("tenant", "a*")),
    );
    collector.enter(|| {
        for (name, tier) in [("free", "free"), ("paid", "paid")] {
            let root = llmobs::workflow(name).tag("tier", tier).tags([("tenant", "acme")]).start();
            root.enter(|| llmobs::task(format!("first in {name}")).start().finish());
        }
    });
    for (name, expected) in [("free", json!(["0", "0"])), ("paid", json!(["1", "1"]))] {
        assert_eq!(decision(&collector, &format!("first in {name}")), expected);
        assert_eq!(decision(&collector, name), expected);
        assert_eq!(collector.span(name).tag("tier"), Some(name));
    }
}

#[test]
fn uses_the_version_of_an_agent() {
    let rule = SamplingRule::new(0.0).tag("agent_version", "beta-*");
    let collector = Collector::with_config(&Config::from_env().sampling_rule(rule));
    collector.enter(|| {
        llmobs::agent("beta").version("beta-1").start().finish();
        llmobs::agent("stable").version("1").start().finish();
    });
    assert_eq!(
        ["beta", "stable"].map(|name| decision(&collector, name)),
        [json!(["0", "0"]), json!(["1", "1"])]
    );
}

#[test]
fn there_is_no_decision_if_the_headers_have_no_valid_one() {
    let collector = Collector::new();
    let invalid =
        ["llmobs_sr=2,_dd.p.llmobs_sd=1", "llmobs_sr=1,_dd.p.llmobs_sd=2", "llmobs_sr=1", "llmobs_sd=1"];
    for sampling in invalid {
        let tags = format!("_dd.p.llmobs_parent_id=7,_dd.p.{sampling}");
        let headers = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("x-datadog-tags", &*tags)];
        collector
            .enter(|| llmobs::extract(headers.as_slice()).enter(|| llmobs::task(sampling).start().finish()));
        assert_eq!(decision(&collector, sampling), json!([null, null]), "{sampling}");
    }
}
