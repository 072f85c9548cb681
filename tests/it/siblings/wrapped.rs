//! Functions with an attribute.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

use futures_util::future::join;
use llmobs::FutureSpanExt as _;
use llmobs::content::{Content, Message};
use llmobs::testing::Collector;

struct Opaque;

#[llmobs::task]
fn step(text: &str, count: u8) -> String {
    text.repeat(count.into())
}

#[test]
fn s16_s17_arguments_by_name_and_the_returned_value() {
    let collector = Collector::new();
    collector.enter(|| step("ab", 2));
    assert_eq!(collector.tree(), "task step  in {\"text\":\"ab\",\"count\":2}  out abab\n");
}

/// The other SDKs leave out input of llm and embedding, and output of retrieval; here all can be read without annotating.
#[test]
fn s18_every_kind_captures_input_and_output() {
    #[llmobs::llm]
    fn complete(prompt: &str) -> &str {
        prompt
    }
    #[llmobs::embedding]
    fn embed(text: &str) -> Vec<f32> {
        vec![0.5; text.len()]
    }
    #[llmobs::retrieval]
    fn search(query: &str) -> Vec<&str> {
        vec![query]
    }
    let collector = Collector::new();
    collector.enter(|| (complete("a"), embed("b"), search("c")));
    let tree = "llm complete  in user: a  out assistant: a\n\
                embedding embed  in b  out [1 embedding(s) returned with size 1]\n\
                retrieval search  in {\"query\":\"c\"}  out c\n";
    assert_eq!(collector.tree(), tree);
}

#[test]
fn s19_what_is_annotated_wins() {
    #[llmobs::llm]
    fn complete(prompt: &str) -> &str {
        llmobs::annotate(|note| {
            note.input(Message::system("in")).output("out");
        });
        prompt
    }
    let collector = Collector::new();
    collector.enter(|| complete("captured"));
    let span = collector.span("complete");
    assert_eq!(span.input, Some(Content::Messages(vec![Message::system("in")])));
    assert_eq!(span.output, Some(Content::Messages(vec![Message::new("", "out")])));
}

#[test]
fn s20_an_error_keeps_the_input_and_goes_on_unchanged() {
    #[llmobs::tool]
    fn fail(input: u8) -> Result<(), (u8, &'static str)> {
        Err((input, "broke"))
    }
    let collector = Collector::new();
    assert_eq!(collector.enter(|| fail(1)), Err((1, "broke")));
    assert_eq!(collector.tree(), "tool fail  in {\"input\":1}  error (u8, &str): (1, \"broke\")\n");
}

/// Comes back to the executor once.
async fn yield_once() {
    let yielded = Cell::new(false);
    poll_fn(|task| {
        if yielded.replace(true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn s21_s22_async_steps_end_when_they_are_done_and_do_not_see_each_other() {
    #[llmobs::task]
    async fn half(name: &'static str) {
        yield_once().await;
        llmobs::tool(name).start().finish();
        yield_once().await;
    }
    #[llmobs::workflow]
    async fn both() {
        join(half("left"), half("right")).await;
        llmobs::tool("after").start().finish();
    }
    let collector = Collector::new();
    pollster::block_on(both().in_context(collector.context()));
    let parent = |name| {
        collector.spans().into_iter().find(|span| Some(span.span_id()) == collector.span(name).parent_id())
    };
    assert_eq!(parent("after").unwrap().name, "both");
    let (left, right) = (parent("left").unwrap(), parent("right").unwrap());
    assert_eq!((left.name.as_str(), right.name.as_str()), ("half", "half"));
    assert_ne!(left.span_id(), right.span_id());
    assert!(left.duration() <= collector.span("both").duration());
}

#[test]
fn s23_what_cannot_be_shown_is_named() {
    #[llmobs::task(skip_output)]
    fn take(value: &Opaque) {
        let Opaque = value;
    }
    let collector = Collector::new();
    collector.enter(|| take(&Opaque));
    let name = std::any::type_name::<&Opaque>();
    assert_eq!(collector.tree(), format!("task take  in {{\"value\":\"<{name}>\"}}\n"));
}
