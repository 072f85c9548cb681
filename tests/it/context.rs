//! The current span follows the program: into futures, across threads and runtimes, and never where it does not belong.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;

use expect_test::{Expect, expect};
use llmobs::FutureSpanExt as _;
use llmobs::testing::Collector;
use tokio::sync::oneshot;

/// Runs a future on tokio's multi-thread runtime with a collector, and compares the tree of its spans.
fn check(program: impl Future<Output = ()> + Send + 'static, tree: &Expect) {
    let collector = Collector::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let program = program.in_context(collector.context());
    runtime.block_on(async { tokio::spawn(program).await.unwrap() });
    tree.assert_eq(&collector.tree());
}

#[llmobs::task]
async fn step(name: &str) -> String {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    inner(name).await
}

#[llmobs::tool]
async fn inner(name: &str) -> String {
    tokio::task::yield_now().await;
    name.to_uppercase()
}

#[llmobs::workflow]
async fn joins() {
    tokio::join!(step("a"), step("b"));
}

#[test]
fn joined_futures_keep_their_own_parents() {
    let tree = expect![[r#"
        workflow joins
        ├─ task step  in {"name":"a"}  out A
        │  └─ tool inner  in {"name":"a"}  out A
        └─ task step  in {"name":"b"}  out B
           └─ tool inner  in {"name":"b"}  out B
    "#]];
    check(joins(), &tree);
}

#[llmobs::task(skip_all)]
async fn never(reached: oneshot::Sender<()>) {
    reached.send(()).unwrap();
    pending::<()>().await;
}

#[llmobs::workflow(skip_all)]
async fn selects(sender: oneshot::Sender<()>, receiver: oneshot::Receiver<()>) {
    tokio::select! {
        () = never(sender) => {}
        _ = receiver => {}
    }
    step("after").await;
}

#[test]
fn future_that_loses_a_select_is_cancelled_once() {
    let (sender, receiver) = oneshot::channel();
    let tree = expect![[r#"
        workflow selects
        ├─ task never  cancelled
        └─ task step  in {"name":"after"}  out AFTER
           └─ tool inner  in {"name":"after"}  out AFTER
    "#]];
    check(selects(sender, receiver), &tree);
}

#[llmobs::workflow]
async fn spawns() {
    tokio::spawn(step("carried").in_current_context()).await.unwrap();
    tokio::spawn(step("not carried").in_context(llmobs::Context::default())).await.unwrap();
    let context = llmobs::current();
    tokio::task::spawn_blocking(move || context.enter(|| llmobs::task("blocking").start().finish()))
        .await
        .unwrap();
}

#[test]
fn spawned_work_belongs_to_the_context_it_is_given() {
    // The default context leads to the default client, of which there is none.
    let tree = expect![[r#"
        workflow spawns
        ├─ task step  in {"name":"carried"}  out CARRIED
        │  └─ tool inner  in {"name":"carried"}  out CARRIED
        └─ task blocking
    "#]];
    check(spawns(), &tree);
}

#[test]
fn parent_of_a_future_is_what_is_current_at_its_first_poll() {
    let collector = Collector::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    collector.enter(|| {
        let made_here = llmobs::workflow("made here").start();
        let future = made_here.enter(|| inner("x"));
        let polled_here = llmobs::workflow("polled here").start();
        polled_here.enter(|| runtime.block_on(future));
    });
    let tree = expect![[r#"
        workflow made here
        workflow polled here
        └─ tool inner  in {"name":"x"}  out X
    "#]];
    tree.assert_eq(&collector.tree());
}

/// A span for each time it is polled, and one when it is dropped.
struct Witness;

impl Future for Witness {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        llmobs::task("polled").start().finish();
        Poll::Pending
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        llmobs::task("dropped").start().finish();
    }
}

struct Holder {
    used: &'static str,
    _unused: Witness,
}

impl Holder {
    #[llmobs::workflow]
    fn into_used(self) -> &'static str {
        self.used
    }

    #[llmobs::workflow]
    async fn into_used_async(self) -> &'static str {
        self.used
    }
}

#[test]
fn self_is_dropped_inside_the_span_also_where_the_body_uses_a_part_of_it() {
    let collector = Collector::new();
    collector.enter(|| {
        assert_eq!(Holder { used: "part", _unused: Witness }.into_used(), "part");
        assert_eq!(pollster::block_on(Holder { used: "part", _unused: Witness }.into_used_async()), "part");
    });
    let tree = expect![[r#"
        workflow into_used  out part
        └─ task dropped
        workflow into_used_async  out part
        └─ task dropped
    "#]];
    tree.assert_eq(&collector.tree());
}

#[llmobs::workflow]
async fn holds_witness() {
    Witness.await;
}

fn poll_once(future: Pin<&mut impl Future<Output = ()>>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn future_is_dropped_inside_its_span_also_on_another_thread() {
    let collector = Collector::new();
    let mut future = Box::pin(holds_witness());
    collector.enter(|| poll_once(future.as_mut()));
    // Between polls its span is current nowhere.
    collector.enter(|| llmobs::task("between").start().finish());
    thread::spawn(move || {
        let mut future = future;
        poll_once(future.as_mut());
        drop(future);
    })
    .join()
    .unwrap();
    let tree = expect![[r#"
        workflow holds_witness  cancelled
        ├─ task polled
        ├─ task polled
        └─ task dropped
        task between
    "#]];
    tree.assert_eq(&collector.tree());
}

#[test]
fn every_runtime_will_do() {
    let collector = Collector::new();
    let work = || async {
        let mut yielded = false;
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        llmobs::task("step").start().finish();
    };
    collector.enter(|| {
        let span = |name: &'static str| llmobs::workflow(name).start();
        let current_thread = tokio::runtime::Builder::new_current_thread().build().unwrap();
        current_thread.block_on(work().in_context(span("tokio current-thread")));
        let multi_thread = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let task = multi_thread.spawn(work().in_context(span("tokio multi-thread")));
        multi_thread.block_on(task).unwrap();
        smol::block_on(smol::spawn(work().in_context(span("smol"))));
        pollster::block_on(work().in_context(span("pollster")));
        let mut by_hand = pin!(work().in_context(span("by hand")));
        let mut context = Context::from_waker(Waker::noop());
        while by_hand.as_mut().poll(&mut context).is_pending() {}
    });
    let tree = expect![[r#"
        workflow tokio current-thread
        └─ task step
        workflow tokio multi-thread
        └─ task step
        workflow smol
        └─ task step
        workflow pollster
        └─ task step
        workflow by hand
        └─ task step
    "#]];
    tree.assert_eq(&collector.tree());
}

#[test]
fn scoped_threads_get_the_context_by_hand_and_nothing_by_themselves() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::workflow("root").start();
        let context = span.context();
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let _attached = context.attach();
                    barrier.wait();
                    llmobs::task("inside").start().finish();
                });
            }
            scope.spawn(|| assert!(!llmobs::enabled(), "a bare thread has no context"));
        });
    });
    let tree = expect![[r#"
        workflow root
        ├─ task inside
        └─ task inside
    "#]];
    tree.assert_eq(&collector.tree());
}

#[test]
fn span_is_annotated_and_finished_from_another_thread() {
    let collector = Collector::new();
    let span = collector.enter(|| llmobs::workflow("root").start());
    let context = span.context();
    thread::spawn(move || {
        span.annotate(|note| {
            note.output("from there");
        });
        span.finish();
    })
    .join()
    .unwrap();
    // Too late, and harmless.
    context.annotate(|note| {
        note.output("too late");
    });
    let tree = expect![[r#"
        workflow root  out from there
    "#]];
    tree.assert_eq(&collector.tree());
}

#[llmobs::task]
async fn local(text: Rc<str>) -> usize {
    tokio::task::yield_now().await;
    text.len()
}

#[test]
fn traced_futures_are_send_exactly_when_they_would_be_without() {
    fn send(_: &impl Send) {}
    fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<llmobs::Span>();
    send_and_sync::<llmobs::Context>();
    send_and_sync::<llmobs::Guard>();
    send_and_sync::<Collector>();
    send(&step("a"));

    let collector = Collector::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    collector.enter(|| assert_eq!(runtime.block_on(local("four".into())), 4));
    let tree = expect![[r#"
        task local  in {"text":"four"}  out 4
    "#]];
    tree.assert_eq(&collector.tree());
}

#[llmobs::task]
fn sums(to: u8) -> impl Iterator<Item = u8> {
    // Each item is the sum of another instance, which is consumed inside.
    (0..to).map(|below| {
        let inner: Box<dyn Iterator<Item = u8>> = Box::new(sums(below));
        inner.sum::<u8>() + 1
    })
}

#[test]
fn iterator_that_uses_another_of_itself_is_its_parent() {
    let collector = Collector::new();
    collector.enter(|| assert_eq!(sums(3).collect::<Vec<_>>(), [1, 2, 4]));
    let tree = expect![[r#"
        task sums  in {"to":3}  out [1,2,4]
        ├─ task sums  in {"to":0}
        ├─ task sums  in {"to":1}  out [1]
        │  └─ task sums  in {"to":0}
        └─ task sums  in {"to":2}  out [1,2]
           ├─ task sums  in {"to":0}
           └─ task sums  in {"to":1}  out [1]
              └─ task sums  in {"to":0}
    "#]];
    tree.assert_eq(&collector.tree());
}

#[llmobs::task(parent = llmobs::current())]
fn pinned() -> impl Iterator<Item = usize> {
    0..1
}

#[llmobs::task(parent = llmobs::current())]
async fn pinned_no_further() {}

#[test]
fn parent_can_be_what_is_current_at_the_call() {
    let collector = Collector::new();
    let [here, elsewhere] =
        ["here", "elsewhere"].map(|name| collector.enter(|| llmobs::workflow(name).start()));
    let items = here.enter(pinned);
    let future = here.enter(pinned_no_further);
    elsewhere.enter(|| {
        assert_eq!(items.count(), 1);
        pollster::block_on(future);
    });
    drop((here, elsewhere));
    let tree = expect![[r#"
        workflow here
        └─ task pinned  out [0]
        workflow elsewhere
        └─ task pinned_no_further
    "#]];
    tree.assert_eq(&collector.tree());
}
