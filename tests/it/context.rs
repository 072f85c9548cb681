//! The current span follows the program into futures and across threads and runtimes, and is current nowhere else.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;

use expect_test::{Expect, expect};
use futures_util::FutureExt as _;
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
    // The default context uses the default client, which does not exist here.
    let tree = expect![[r#"
        workflow spawns
        ├─ task step  in {"name":"carried"}  out CARRIED
        │  └─ tool inner  in {"name":"carried"}  out CARRIED
        └─ task blocking
    "#]];
    check(spawns(), &tree);
}

#[test]
fn parent_of_a_future_is_the_current_span_at_its_first_poll() {
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

/// Records a span for each poll, and one when it is dropped.
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
fn self_is_dropped_inside_the_span_even_if_the_body_uses_a_part() {
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
fn future_is_dropped_inside_its_span_even_on_another_thread() {
    let collector = Collector::new();
    let mut future = Box::pin(holds_witness());
    collector.enter(|| poll_once(future.as_mut()));
    // Between polls, its span is not current.
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
fn every_runtime_works() {
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
        let mut polled = pin!(work().in_context(span("by hand")));
        let mut context = Context::from_waker(Waker::noop());
        while polled.as_mut().poll(&mut context).is_pending() {}
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
fn scoped_threads_have_a_context_only_if_it_is_attached() {
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
    // An annotation after the end has no effect.
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
fn traced_futures_are_send_exactly_if_untraced_ones_are() {
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
fn iterator_is_the_parent_of_the_instances_that_it_consumes() {
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
fn parent_can_be_the_current_span_at_the_call() {
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

#[llmobs::task]
fn mark() {}

/// tokio-rs/tracing#2541, #2562
#[test]
fn is_current_while_a_future_is_dropped() {
    struct Guard;

    impl Drop for Guard {
        fn drop(&mut self) {
            mark();
            llmobs::annotate(|note| {
                note.tag("dropped", "inside");
            });
        }
    }

    #[llmobs::workflow(skip_all)]
    async fn argument(guard: Guard) {
        pending::<()>().await;
        drop(guard);
    }

    #[llmobs::workflow]
    async fn local() {
        let _guard = Guard;
        pending::<()>().await;
    }

    #[llmobs::workflow]
    fn returned() -> impl Future<Output = ()> {
        let guard = Guard;
        async move {
            pending::<()>().await;
            drop(guard);
        }
    }

    let collector = Collector::new();
    collector.enter(|| {
        assert_eq!(argument(Guard).now_or_never(), None);
        assert_eq!(local().now_or_never(), None);
        let mut polled = Box::pin(returned());
        assert_eq!(polled.as_mut().now_or_never(), None);
        // Dropped where no span is current.
        thread::spawn(move || drop(polled)).join().unwrap();
    });
    let tree = expect![[r#"
        workflow argument  cancelled
        └─ task mark
        workflow local  cancelled
        └─ task mark
        workflow returned  cancelled
        └─ task mark
    "#]];
    tree.assert_eq(&collector.tree());
    let marked = |event: &serde_json::Value| {
        event["tags"].as_array().unwrap().iter().any(|tag| tag == "dropped:inside")
    };
    assert_eq!(collector.events().iter().filter(|event| marked(event)).count(), 3);
}

/// tokio-rs/tracing-opentelemetry#253
#[test]
fn parent_can_belong_to_another_client() {
    struct Request {
        context: Option<llmobs::Context>,
    }

    #[llmobs::workflow(parent = request.context.as_ref(), skip_all)]
    fn handle(request: &Request) {
        mark();
    }

    #[llmobs::workflow(parent = request.context, skip_all)]
    async fn handle_async(request: Request) {
        mark();
    }

    let collector = Collector::new();
    let caller = collector.enter(|| llmobs::workflow("caller").start());
    let context = caller.context();
    // On a thread where another client is current.
    thread::spawn(move || {
        let elsewhere = Collector::new();
        elsewhere.enter(|| {
            handle(&Request { context: Some(context.clone()) });
            pollster::block_on(handle_async(Request { context: Some(context) }));
            handle(&Request { context: None });
        });
        expect![[r#"
            workflow handle
            └─ task mark
        "#]]
        .assert_eq(&elsewhere.tree());
    })
    .join()
    .unwrap();
    drop(caller);
    expect![[r#"
        workflow caller
        ├─ workflow handle
        │  └─ task mark
        └─ workflow handle_async
           └─ task mark
    "#]]
    .assert_eq(&collector.tree());
}

/// Arize-ai/openinference#1769; traceloop/openllmetry#3061; langfuse/langfuse#9198; openlit/openlit#1369; google/adk-python#4894
#[cfg(feature = "stream")]
#[test]
fn is_restored_after_a_stream_is_left_early() {
    use futures_util::stream::{self, Stream, StreamExt as _};

    #[llmobs::llm]
    fn words(text: &'static str) -> impl Stream<Item = &'static str> {
        stream::iter(text.split_inclusive(' ')).inspect(|_| mark())
    }

    /// The stream is left in the middle, and dropped where it was polled.
    #[llmobs::workflow]
    async fn breaks() -> &'static str {
        let mut words = words("a b c");
        while let Some(word) = words.next().await {
            if word == "b " {
                break;
            }
        }
        mark();
        "done"
    }

    /// The stream is dropped in another span, on another thread.
    #[llmobs::workflow]
    fn hands_over() -> &'static str {
        let mut words = words("d e f");
        assert_eq!(words.next().now_or_never(), Some(Some("d ")));
        let elsewhere = llmobs::workflow("elsewhere").start();
        let context = elsewhere.context();
        thread::spawn(move || {
            context.enter(|| {
                drop(words);
                mark();
            });
        })
        .join()
        .unwrap();
        mark();
        "done"
    }

    let tree = expect![[r#"
        workflow before
        ├─ workflow breaks  out done
        │  ├─ llm words  in user: a b c  out assistant: a b   cancelled
        │  │  ├─ task mark
        │  │  └─ task mark
        │  └─ task mark
        ├─ workflow hands_over  out done
        │  ├─ llm words  in user: d e f  out assistant: d   cancelled
        │  │  └─ task mark
        │  ├─ workflow elsewhere
        │  │  └─ task mark
        │  └─ task mark
        └─ task mark
        task mark
    "#]];
    crate::support::check(
        || {
            let before = llmobs::workflow("before").start();
            before.enter(|| {
                assert_eq!(pollster::block_on(breaks()), "done");
                assert_eq!(hands_over(), "done");
                mark();
            });
            mark();
        },
        &tree,
    );
}
