//! The growth of the cost. The environment variable `SIZE` is the size.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use harness::{ANSWER, Mode};
use serde::Serialize;

use crate::setup::setting;

static SIZE: LazyLock<usize> = LazyLock::new(|| setting("SIZE", 10));
static TEXT: LazyLock<String> =
    LazyLock::new(|| "the quick brown fox jumps over the lazy dog. ".chars().cycle().take(*SIZE).collect());
static BYTES: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..*SIZE).map(|index| (index * 31 % 256) as u8).collect());
static FLOATS: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..*SIZE).map(|index| (index as f32 * 0.618).sin()).collect());
static OBJECTS: LazyLock<Vec<Object>> =
    LazyLock::new(|| (0..*SIZE).map(|id| Object { id, name: "a small object", score: 0.5 }).collect());

#[derive(Serialize)]
pub struct Object {
    id: usize,
    name: &'static str,
    score: f32,
}

/// Returns the mode of that name, with its spans per trace.
pub fn find(name: &'static str) -> Option<Mode> {
    let (spans, trace): (usize, fn(u64)) = match name {
        "poll-bare" => (1, |_| poll(poll_bare(*SIZE))),
        "poll" => (1, |_| poll(poll_task(*SIZE))),
        "prompt" => (1, |_| drop(black_box(prompt(black_box(&TEXT))))),
        "text" => (1, |_| drop(black_box(text(black_box(&TEXT))))),
        "json-text" => (1, |_| json(&*TEXT)),
        "bytes" => (1, |_| drop(black_box(bytes(black_box(&BYTES))))),
        "json-bytes" => (1, |_| json(&*BYTES)),
        "floats" => (1, |_| drop(black_box(floats(black_box(&FLOATS))))),
        "json-floats" => (1, |_| json(&*FLOATS)),
        "objects" => (1, |_| drop(black_box(objects(black_box(&OBJECTS))))),
        "json-objects" => (1, |_| json(&*OBJECTS)),
        "depth" => (*SIZE + 1, |_| drop(black_box(deep(black_box(*SIZE as u32))))),
        "width" => (*SIZE + 1, |_| drop(black_box(wide(black_box(*SIZE as u32))))),
        "contexts" => (1, |_| nested(black_box(*SIZE))),
        "many-tags" => (1, |_| drop(black_box(many_tags(black_box(*SIZE as u32))))),
        _ => return None,
    };
    Some(Mode { name, trace, spans: spans as u64 })
}

fn json(value: &impl Serialize) {
    black_box(serde_json::to_string(black_box(value)).ok());
}

/// Ready when it is polled the second time.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn poll_bare(times: usize) -> String {
    for _ in 0..times {
        Yield(false).await;
    }
    ANSWER.to_owned()
}

#[llmobs::task]
async fn poll_task(times: usize) -> String {
    for _ in 0..times {
        Yield(false).await;
    }
    ANSWER.to_owned()
}

#[inline(never)]
fn poll(future: impl Future<Output = String>) {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    while black_box(future.as_mut()).poll(&mut context).is_pending() {}
}

#[llmobs::llm(model_name = "gpt-4o", model_provider = "openai")]
#[inline(never)]
fn prompt(prompt: &str) -> String {
    black_box(prompt.len());
    ANSWER.to_owned()
}

#[llmobs::task]
#[inline(never)]
fn text(text: &str) -> String {
    black_box(text.len());
    ANSWER.to_owned()
}

#[llmobs::task]
#[inline(never)]
fn bytes(bytes: &Vec<u8>) -> String {
    black_box(bytes.len());
    ANSWER.to_owned()
}

#[llmobs::task]
#[inline(never)]
fn floats(floats: &[f32]) -> String {
    black_box(floats.len());
    ANSWER.to_owned()
}

#[llmobs::task]
#[inline(never)]
fn objects(objects: &[Object]) -> String {
    black_box(objects.len());
    ANSWER.to_owned()
}

/// One span in another.
#[llmobs::task]
#[inline(never)]
fn deep(n: u32) -> String {
    if n == 0 { ANSWER.to_owned() } else { deep(n - 1) }
}

/// Sibling spans.
#[llmobs::workflow]
#[inline(never)]
fn wide(n: u32) -> String {
    for number in 0..n {
        black_box(deep_zero(number));
    }
    ANSWER.to_owned()
}

#[llmobs::task]
#[inline(never)]
fn deep_zero(n: u32) -> String {
    black_box(n);
    ANSWER.to_owned()
}

/// Nested annotation contexts, and a span in the innermost.
fn nested(depth: usize) {
    if depth == 0 {
        drop(black_box(deep_zero(black_box(0))));
    } else {
        llmobs::annotation_context()
            .tag(KEYS[depth % KEYS.len()].as_str(), "gold")
            .enter(|| nested(depth - 1));
    }
}

static KEYS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..1000).map(|index| format!("key-{index}")).collect());

#[llmobs::task]
#[inline(never)]
fn many_tags(n: u32) -> String {
    llmobs::annotate(|note| {
        note.tags(KEYS.iter().take(n as usize).map(|key| (key.as_str(), "gold")));
    });
    ANSWER.to_owned()
}
