//! Many concurrent tasks under the layer: no span has a wrong parent, and none is missing.

#![allow(clippy::unwrap_used, reason = "a test panics if it cannot continue")]

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::future::{join, select};
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{FutureSpanExt as _, current, task, tool};
use tokio::task::{spawn, spawn_blocking, yield_now};
use tracing::{Instrument as _, Span, info_span};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

const TASKS: usize = 200;
/// The maximum depth of nested steps.
const DEPTH: u32 = 5;

/// A random number generator with a fixed seed.
struct Random(u64);

impl Random {
    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn flips(&mut self) -> bool {
        self.below(2) == 0
    }

    fn fork(&mut self) -> Self {
        Self(self.below(u64::MAX))
    }
}

/// The path of a step, with the names of the enclosing steps, such as `17.0.2`. It is also the name of the step.
#[derive(Clone)]
struct Path {
    name: String,
    started: Arc<Mutex<Vec<String>>>,
}

impl Path {
    fn inside(&self, name: impl std::fmt::Display) -> Self {
        Self { name: format!("{}.{name}", self.name), started: Arc::clone(&self.started) }
    }

    /// The span of a step, by `tracing`.
    fn span(&self) -> Span {
        self.starts();
        info_span!("step", llmobs.kind = "task", llmobs.name = %self.name)
    }

    /// The span of a step, by the API of llmobs.
    fn by_hand(&self) -> llmobs_runtime::Span {
        self.starts();
        if self.name.len().is_multiple_of(2) { task(self.name.clone()) } else { tool(self.name.clone()) }
            .start()
    }

    fn starts(&self) {
        self.started.lock().unwrap().push(self.name.clone());
    }
}

/// A span of the program that is not a step.
fn work() -> Span {
    info_span!("work", rows = 3)
}

type Steps = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A step with nested steps.
async fn step(path: Path, mut random: Random, depth: u32) {
    let inside = steps(path.clone(), random.fork(), depth + 1);
    if random.flips() {
        inside.in_span(path.by_hand()).await;
    } else {
        inside.instrument(path.span()).await;
    }
}

/// Some steps inside a step, sequential or concurrent.
fn steps(path: Path, mut random: Random, depth: u32) -> Steps {
    Box::pin(async move {
        let count = if depth < DEPTH { 1 + random.below(2) } else { 0 };
        for number in 0..count {
            let path = path.inside(number);
            some_steps(&path, &mut random, depth).await;
            for _ in 0..random.below(3) {
                yield_now().await;
            }
        }
    })
}

/// One or two steps, combined in a random way.
async fn some_steps(path: &Path, random: &mut Random, depth: u32) {
    let first = step(path.inside("a"), random.fork(), depth);
    let second = step(path.inside("b"), random.fork(), depth);
    match random.below(12) {
        0 => first.await,
        1 => first.instrument(work()).await,
        2 => {
            join(first, second.instrument(work())).await;
        }
        3 => cancel(first, second).await,
        4 => {
            let in_time = tokio::time::timeout(std::time::Duration::ZERO, first).await;
            drop(in_time);
        }
        5 => spawn(first.instrument(work())).await.unwrap(),
        6 => spawn(first.in_context(current()).instrument(work())).await.unwrap(),
        7 => {
            let path = path.inside("a");
            let inside = steps(path.clone(), random.fork(), depth + 1);
            let spawned = spawn(inside.instrument(path.span()));
            second.await;
            spawned.await.unwrap();
        }
        8 => {
            let spawned = spawn(first.instrument(work()));
            second.await;
            spawned.abort();
            let _ = spawned.await;
        }
        9 => {
            let (path, random, span) = (path.inside("a"), random.fork(), work());
            let inside = path.clone();
            let blocking = path.span();
            spawn_blocking(move || {
                let _entered = (span.entered(), blocking.entered());
                synchronous_steps(&inside, random, depth + 1);
            })
            .await
            .unwrap();
        }
        10 => synchronous_steps(path, random.fork(), depth),
        _ => {
            // The parent is explicit, and another span is current.
            let (above, elsewhere) = (path.inside("a"), path.inside("b"));
            let span = above.span();
            let below = above.inside("c");
            async {
                below.starts();
                info_span!(parent: &span, "step", llmobs.kind = "task", llmobs.name = %below.name)
                    .in_scope(|| below.inside("d").by_hand().finish());
                yield_now().await;
                elsewhere.inside("e").by_hand().finish();
            }
            .in_span(elsewhere.by_hand())
            .await;
        }
    }
}

/// Waits for the future that is ready first, and drops the other.
async fn cancel(first: impl Future, second: impl Future) {
    let (first, second) = (std::pin::pin!(first), std::pin::pin!(second));
    drop(select(first, second).await);
}

/// Steps without futures, which are entered and exited in any order.
fn synchronous_steps(path: &Path, mut random: Random, depth: u32) {
    if depth >= DEPTH {
        return;
    }
    let (a, b) = (path.inside("x"), path.inside("y"));
    match random.below(4) {
        0 => a.by_hand().enter(|| synchronous_steps(&a, random.fork(), depth + 1)),
        1 => a.span().in_scope(|| synchronous_steps(&a, random.fork(), depth + 1)),
        2 => work().in_scope(|| synchronous_steps(path, random.fork(), depth + 1)),
        _ => {
            let (first, second, enclosing) = (a.span(), b.span(), work());
            let first = first.entered();
            let enclosing = enclosing.entered();
            let second = second.entered();
            drop(first);
            b.inside("z").by_hand().finish();
            synchronous_steps(&b, random.fork(), depth + 1);
            drop(enclosing);
            b.inside("w").span().in_scope(|| ());
            drop(second);
        }
    }
}

/// The names of the enclosing steps, innermost first.
fn enclosing(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| Some(name.rsplit_once('.')?.0)).skip(1)
}

/// Another layer, which enables all spans.
struct All;

impl Layer<Registry> for All {}

#[test]
fn spans_of_two_hundred_tasks_have_the_right_parents() {
    let subscriber = tracing_subscriber::registry().with(All).with(llmobs_tracing::layer());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let collector = Collector::new();
    let started = Arc::new(Mutex::new(Vec::new()));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let mut random = Random(17);
    runtime.block_on(async {
        let tasks = (0..TASKS).map(|number| {
            let path = Path { name: number.to_string(), started: Arc::clone(&started) };
            spawn(step(path, random.fork(), 0).in_context(collector.context()))
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    drop(runtime);

    let spans = collector.spans();
    let started = started.lock().unwrap();
    let all: BTreeSet<_> = started.iter().map(String::as_str).collect();
    let by_id: BTreeMap<_, _> = spans.iter().map(|span| (span.span_id(), span)).collect();
    let wrong = spans.iter().filter_map(|span| {
        let parent = span.parent_id().map(|id| by_id.get(id).map_or("unknown", |parent| &*parent.name));
        let expected = enclosing(&span.name).find(|name| all.contains(name));
        (parent != expected).then_some((&*span.name, parent, expected))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [], "name, parent, expected");
    let names: BTreeSet<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, all);
    assert_eq!([spans.len(), started.len()], [all.len(); 2], "each span once");
    assert!(all.len() > 20 * TASKS, "{}", all.len());
}
