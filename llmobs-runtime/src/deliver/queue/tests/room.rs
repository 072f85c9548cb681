//! The memory that spans and evaluations take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use llmobs_providers::ToolDefinition;
use serde_json::Number;

use super::{
    BARE, SIZE, UNLIMITED, deliver, push, push_inheriting, push_numbers, push_sample, report, take,
    take_while, wait_for_other_threads,
};
use crate::Annotation;
use crate::base::clock::WallClock;
use crate::base::kind::Kind;
use crate::deliver::chunk::{Head, MAX_COPIED, MAX_SPARE_TEXT};
use crate::deliver::queue::{Limits, NOT_RECLAIMED, Queue};
use crate::model::agent::{AgentManifest, AgentTool};
use crate::model::annotation::More;
use crate::model::content::Content;
use crate::model::failure::{Failure, FailureParts};
use crate::model::inherited::Inherited;
use crate::model::prompt::{Prompt, TemplateMessage};
use crate::model::record::Record;
use crate::model::reference::SpanRef;
use crate::model::sample::Sample;
use crate::model::span_data::SpanData;
use crate::model::tags::Identity;

type Annotate<'a> = &'a dyn Fn(&mut Annotation);

#[test]
fn spans_without_room_are_dropped_and_counted() {
    let queue = Queue::new(Limits { bytes: 3 * SIZE, ..UNLIMITED });
    push_numbers(&queue, 0..10);
    assert_eq!(report(&queue), "0 delivered, 7 dropped (queue full: 7), 3 pending");
    // Spans that are being sent take room until they are delivered.
    queue.flush(std::time::Duration::ZERO);
    let first = take(&queue);
    push(&queue, "a");
    assert_eq!(report(&queue), "0 delivered, 8 dropped (queue full: 8), 3 pending");
    assert_eq!(deliver(&queue, first), ["0", "1", "2"]);
    push_numbers(&queue, 0..4);
    assert_eq!(report(&queue), "3 delivered, 9 dropped (queue full: 9), 3 pending");
}

#[test]
fn a_span_without_room_wakes_the_worker() {
    let queue = Queue::new(Limits { bytes: 3 * SIZE, ..UNLIMITED });
    let first = take_while(&queue, || {
        push_numbers(&queue, 0..3);
        wait_for_other_threads();
        push_numbers(&queue, 3..4);
    });
    assert_eq!(deliver(&queue, first), ["0", "1", "2"]);
    // With room again, no batch is due.
    push_numbers(&queue, 4..6);
    assert_eq!(queue.reclaim_state.load(Ordering::Relaxed), NOT_RECLAIMED);
    assert_eq!(report(&queue), "3 delivered, 1 dropped (queue full: 1), 2 pending");
}

#[test]
fn a_span_above_the_limit_does_not_drop_others() {
    let queue = Queue::new(Limits { bytes: SIZE, ..UNLIMITED });
    push(&queue, "x".repeat(10_000));
    push(&queue, "s");
    assert_eq!(report(&queue), "0 delivered, 1 dropped (queue full: 1), 1 pending");
    let queue = Queue::new(Limits { bytes: SIZE - 1, ..UNLIMITED });
    push(&queue, "s");
    assert_eq!(report(&queue), "0 delivered, 1 dropped (queue full: 1), 0 pending");
}

#[test]
fn a_span_without_texts_does_not_affect_the_next_one() {
    let long = format!("\"{}\"", "x".repeat(1000));
    let kept = 4000;
    // There is room for two spans with short texts, or for one with a long text.
    let queue = Queue::new(Limits { bytes: 2 * BARE + 200 + kept, kept_bytes: kept, ..UNLIMITED });
    push_sample(&queue, &Sample::new(Kind::Task, "").arguments(&long).returned(&long));
    push_sample(&queue, &Sample::new(Kind::Task, "").arguments("\"in\"").returned("\"out\""));
    let mut texts = Vec::new();
    for chunk in &mut queue.take().chunks {
        chunk.for_each(&WallClock::new(), true, |finished| {
            let span = SpanData::new(finished, &Identity::default(), &"app".into());
            texts
                .push([span.input, span.output].map(|content| content.map(|content| format!("{content:?}"))));
        });
    }
    let short = ["in", "out"].map(|text| Some(format!("{:?}", Content::Text(text.to_owned()))));
    assert_eq!(texts, [[None, None], short]);
}

#[test]
fn evaluations_take_room() {
    let queue = Queue::new(Limits { bytes: 1000, ..UNLIMITED });
    queue.push_evaluation("x".repeat(1001));
    queue.push_evaluation("x".repeat(1000));
    queue.push_evaluation("x".to_owned());
    assert_eq!(report(&queue), "0 delivered, 2 dropped (queue full: 2), 1 pending");
    deliver(&queue, queue.take());
    assert_eq!(queue.room.load(Ordering::Relaxed), 1000);
    // A thread reserves no additional room if there is little.
    let queue = Queue::new(Limits { bytes: 1024, ..UNLIMITED });
    push(&queue, "0");
    queue.push_evaluation("x".repeat(1024 - SIZE));
    assert_eq!(report(&queue), "0 delivered, 0 dropped, 2 pending");
}

#[test]
fn each_batch_returns_unused_room_of_a_thread() {
    const LIMIT: usize = 1 << 20;
    let queue = Queue::new(Limits { bytes: LIMIT, ..UNLIMITED });
    let room = || queue.room.load(Ordering::Relaxed);
    push_numbers(&queue, 0..9);
    assert!(room() < LIMIT - 9 * SIZE);
    let batch = queue.take();
    assert_eq!(room(), LIMIT - 9 * SIZE);
    deliver(&queue, batch);
    assert_eq!(room(), LIMIT);
}

/// Returns the bytes that a queue counts for spans with inherited data.
fn bytes(spans: &[(&Sample, Option<&Arc<Inherited>>)]) -> usize {
    let queue = Queue::new(UNLIMITED);
    for (span, inherited) in spans {
        push_inheriting(&queue, span, *inherited);
    }
    queue.take().chunks.iter().map(|chunk| chunk.bytes).sum()
}

fn bytes_of(span: &Sample) -> usize {
    bytes(&[(span, None)])
}

/// Returns the bytes that a queue counts for a text. Checks that they are its capacity.
fn bytes_of_text(mut text: String) -> usize {
    let queue = Queue::new(UNLIMITED);
    let sample = Sample::new(Kind::Task, "");
    let (record, _) = sample.record();
    let head = Head {
        root: sample.root,
        text: &mut text,
        lengths: [0; 2],
        failure: None,
        inherited: None,
        annotation: &mut None,
        name_bytes: 0,
        held: 0,
        is_stripped: false,
    };
    queue.begin(true);
    queue.push(head, || sample.trace(), |_, extras| Record { extras, ..record });
    let [chunk] = queue.take().chunks.try_into().unwrap_or_else(|_| panic!("one chunk"));
    assert_eq!(chunk.long_texts.iter().map(String::capacity).sum::<usize>(), chunk.bytes - BARE);
    chunk.bytes - BARE
}

#[test]
fn every_text_of_a_span_counts() {
    let text = "x".repeat(1000);
    let json = format!("\"{text}\"");
    let bare = || Sample::new(Kind::Task, "");
    assert_eq!(bytes_of(&bare()), BARE);
    assert_eq!(bytes_of(&Sample::new(Kind::Task, "a name of the program")), BARE);
    for (bytes, span) in [
        (1000, Sample::new(Kind::Task, text.clone())),
        (1002, bare().arguments(&json)),
        (1002, bare().input_value(&json)),
        (1002, bare().returned(&json)),
        (1002 + size_of::<FailureParts>(), bare().failed_with::<u8>(format_args!("{text}"))),
    ] {
        assert_eq!(bytes_of(&span) - BARE, bytes);
    }
    // The text of a sample has no spare capacity. That of a frame has, and keeps a small one.
    for (spare, kept) in [(0, 0), (MAX_SPARE_TEXT, MAX_SPARE_TEXT), (MAX_SPARE_TEXT + 1, 0)] {
        let mut text = String::with_capacity(MAX_COPIED + 1 + spare);
        text.extend(std::iter::repeat_n('x', MAX_COPIED + 1));
        assert_eq!(bytes_of_text(text), MAX_COPIED + 1 + kept);
    }
    let least = bytes_of(&bare().annotate(|_| ()));
    assert_eq!(least, BARE + size_of::<Annotation>());
    let one = || text.as_str();
    let failed = |note: &mut Annotation, [kind, message, stack]: [&str; 3]| {
        let [kind, message, stack] = [kind, message, stack].map(str::to_owned);
        note.failure = Some(Failure { kind, message, stack });
    };
    #[rustfmt::skip]
    let exact: [(usize, Annotate<'_>); 7] = [
        (1000, &|note| { note.model_name(one()); }),
        (1000, &|note| { note.model_provider(one()); }),
        (2000, &|note| { note.tag(one(), one()); }),
        (1000 + size_of::<Number>(), &|note| { note.metric(one(), 1); }),
        (1000, &|note| failed(note, [one(), "", ""])),
        (1000, &|note| failed(note, ["", one(), ""])),
        (1000, &|note| failed(note, ["", "", one()])),
    ];
    for (index, (bytes, annotate)) in exact.into_iter().enumerate() {
        assert_eq!(bytes_of(&bare().annotate(annotate)) - least, bytes, "{index}");
    }
    // A captured text counts with its capacity.
    #[rustfmt::skip]
    let captured: [(usize, Annotate<'_>); 3] = [
        (1002, &|note| { note.input(one()); }),
        (1002, &|note| { note.output(one()); }),
        (2002, &|note| { note.metadata(one(), one()); }),
    ];
    for (index, (bytes, annotate)) in captured.into_iter().enumerate() {
        let counted = bytes_of(&bare().annotate(annotate)) - least;
        assert!((bytes..bytes + 1024).contains(&counted), "{index}: {counted}");
    }
}

#[test]
fn inherited_data_counts_once_for_consecutive_spans() {
    let text = "x".repeat(1000);
    let bare = Sample::new(Kind::Task, "");
    let own = size_of::<Inherited>();
    let agent = bare.clone().agent(Some(&text), crate::base::id::SpanId::random());
    for (bytes, sample) in [
        (own + 1000, bare.clone().session_id(&text)),
        (own + 1000, bare.clone().ml_app(&text)),
        (own + 1000, agent),
    ] {
        let inherited = Arc::new(sample.inherited);
        let other = Arc::new(Inherited::default());
        let span = |inherited| (&bare, Some(inherited));
        let counted = |spans: &[_]| self::bytes(spans) - (BARE + (spans.len() - 1) * Record::BYTES);
        assert_eq!(counted(&[span(&inherited)]), bytes);
        assert_eq!(counted(&[span(&inherited), (&bare, None), span(&inherited)]), bytes);
        assert_eq!(counted(&[span(&inherited), span(&other), span(&inherited)]), 2 * bytes + own);
    }
}

#[test]
fn shared_data_counts_about_once() {
    let prompt = Arc::new(Prompt::new("x".repeat(12_000)));
    let annotation = |prompt| {
        let mut annotation = Annotation::new(usize::MAX);
        annotation.more = Some(Box::new(More { prompt, ..More::default() }));
        annotation
    };
    let share = || {
        let annotation = annotation(Some(Arc::clone(&prompt)));
        (annotation.bytes(), annotation)
    };
    let shares: Vec<(usize, Annotation)> = (0..4).map(|_| share()).collect();
    let charged: Vec<usize> = shares.iter().map(|(bytes, _)| bytes - annotation(None).bytes()).collect();
    assert_eq!(charged, [12_000, 6000, 4000, 3000]);
}

#[test]
fn rare_data_of_spans_counts() {
    let text = "x".repeat(1000);
    let bytes_with = |annotate: Annotate<'_>| bytes_of(&Sample::new(Kind::Task, "").annotate(annotate));
    let least = bytes_with(&|note| {
        note.more();
    });
    let (one, value) = (|| text.as_str(), size_of::<serde_json::Value>());
    #[rustfmt::skip]
    let cases: [(usize, Annotate<'_>); 14] = [
        (1000, &|note| { note.intent(one()); }),
        (1000, &|note| { note.cost_tag(one()); }),
        (2000, &|note| { note.link(SpanRef { trace_id: one().into(), span_id: one().into() }); }),
        (5000, &|note| { note.prompt(Prompt::new(one()).version(one()).label(one()).uuid(one()).version_uuid(one())); }),
        (1000, &|note| { note.prompt(Prompt::default().template(one())); }),
        (3000, &|note| { note.prompt(Prompt::default().chat_template([TemplateMessage::new(one(), one()), TemplateMessage::placeholder(one())])); }),
        (2000 + value, &|note| { note.prompt(Prompt::default().variable(one(), one())); }),
        (2000, &|note| { note.prompt(Prompt::default().tag(one(), one())); }),
        (2000, &|note| { note.prompt(Prompt::default().context_variables([one()]).query_variables([one()])); }),
        (3000, &|note| { note.tool_definitions([ToolDefinition::new(one()).description(one()).version(one())]); }),
        (1001 + value, &|note| { note.tool_definitions([ToolDefinition::new("n").schema(BTreeMap::from([(one(), 1)]))]); }),
        (4000, &|note| { note.agent(AgentManifest::new().name(one()).version(one()).model(one()).instructions(one())); }),
        (1004 + value, &|note| { note.agent(AgentManifest::new().model_setting("seed", one())); }),
        (2000, &|note| { note.agent(AgentManifest::new().tool(AgentTool::new(one()).description(one()))); }),
    ];
    for (index, (bytes, annotate)) in cases.into_iter().enumerate() {
        assert_eq!(bytes_with(annotate) - least, bytes, "{index}");
    }
}
