//! Spans with more annotations than the limits allow.

use super::*;
use crate::model::limits::{MAX_LINKS, MAX_METADATA, MAX_METRICS, MAX_TAGS};
use crate::testing::Collector;

fn link() -> SpanRef {
    SpanRef { trace_id: "1".to_owned(), span_id: "2".to_owned() }
}

/// Adds annotations of each kind.
fn annotate(note: &mut Annotation, number: usize) {
    let key = format!("key {number}");
    note.tag(&key, number).metadata(&key, number).metric(&key, number).cost_tag(&key).link(link());
}

fn left_out(count: usize) -> LeftOut {
    LeftOut {
        // Counts tags and cost tags.
        tags: 2 * (count - MAX_TAGS),
        metadata: count - MAX_METADATA,
        metrics: count - MAX_METRICS,
        links: count - MAX_LINKS,
        content: false,
    }
}

fn lengths(note: &Annotation) -> [usize; 5] {
    let more = note.more.as_deref().unwrap();
    [note.tags.len(), more.cost_tags.len(), note.metadata.len(), note.metrics.len(), more.links.len()]
}

const FULL: [usize; 5] = [MAX_TAGS, MAX_TAGS, MAX_METADATA, MAX_METRICS, MAX_LINKS];

#[test]
fn annotations_beyond_the_limits_are_left_out_and_counted() {
    let mut at_once = Annotation::new(1024);
    let mut one_by_one = Annotation::new(1024);
    for number in 0..5000 {
        annotate(&mut at_once, number);
        let mut later = Annotation::new(1024);
        annotate(&mut later, number);
        one_by_one.add(later);
    }
    for note in [at_once, one_by_one] {
        assert_eq!(lengths(&note), FULL);
        assert_eq!(note.left_out(), left_out(5000));
        assert!(note.bytes() < 200_000, "{}", note.bytes());
    }
}

#[test]
fn annotations_of_a_full_span_can_be_changed() {
    let mut note = Annotation::new(1024);
    (0..1000).for_each(|number| annotate(&mut note, number));
    let before = note.left_out();
    let mut later = Annotation::new(1024);
    for note in [&mut note, &mut later] {
        note.tag("key 1", "changed").metadata("key 999", "changed").metric("key 999", -1).cost_tag("key 1");
    }
    note.add(later);
    assert_eq!(lengths(&note), FULL);
    assert_eq!(note.tags.get("key 1").map(String::as_str), Some("changed"));
    assert_eq!(note.metadata.get("key 999").map(Captured::json), Some("\"changed\""));
    assert_eq!(note.metrics.get("key 999"), Some(&(-1).into()));
    assert_eq!(note.left_out(), before);
}

#[test]
fn weaker_annotations_are_left_out_first() {
    let (mut note, mut weaker) = (Annotation::new(1024), Annotation::new(1024));
    for number in 0..200 {
        note.tag(format!("own {number}"), "own").tag(format!("both {number}"), "own");
        weaker.tag(format!("a {number}"), "weaker");
    }
    let own: Vec<String> = note.tags.keys().cloned().collect();
    assert_eq!(own.len(), MAX_TAGS);
    weaker.tag("own 1", "weaker").tag("both 0", "weaker");
    note.add_under(weaker);
    assert_eq!(note.tags.keys().cloned().collect::<Vec<_>>(), own);
    assert!(note.tags.values().all(|value| value == "own"));
    assert_eq!(note.left_out().tags, 400 - MAX_TAGS + 200);

    let (mut note, mut weaker) = (Annotation::new(1024), Annotation::new(1024));
    note.metric("own", 1);
    for number in 0..MAX_METRICS {
        weaker.metric(format!("{number:04}"), number);
    }
    note.add_under(weaker);
    assert_eq!((note.metrics.len(), note.metrics.get("own")), (MAX_METRICS, Some(&1.into())));
    assert_eq!(note.left_out(), LeftOut { metrics: 1, ..LeftOut::default() });
}

/// The memory of an open span does not grow with each annotation.
#[test]
fn an_open_span_keeps_a_limited_number_of_annotations() {
    let collector = Collector::new();
    let entered = collector.attach();
    let span = crate::task("open").start();
    for number in 0..100_000 {
        span.annotate(|note| {
            note.tag(number.to_string(), "t").metadata(number.to_string(), "m").metric(number.to_string(), 1);
            note.input(number).link(link());
        });
    }
    span.finish();
    drop(entered);
    let event = &collector.events()[0];
    let lengths = [&event["tags"], &event["span_links"]].map(|list| list.as_array().unwrap().len());
    // The event also has the tags of llmobs.
    assert!(lengths[0] > MAX_TAGS && lengths[0] < MAX_TAGS + 20, "{}", lengths[0]);
    assert_eq!(lengths[1], MAX_LINKS);
    assert_eq!(event["meta"]["metadata"].as_object().unwrap().len(), MAX_METADATA);
    assert_eq!(event["metrics"].as_object().unwrap().len(), MAX_METRICS);
    assert_eq!(event["meta"]["input"]["value"], "99999");
    let errors = ["trimmed_metadata", "trimmed_tags", "trimmed_metrics", "trimmed_span_links"];
    assert_eq!(event["collection_errors"], serde_json::json!(errors));
}
