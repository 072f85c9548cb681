//! Where spans belong.

use std::future::pending;
use std::thread;

use expect_test::expect;
use futures_util::FutureExt as _;
use llmobs::FutureSpanExt as _;
use llmobs::testing::Collector;

use super::step;
use crate::support::check;

/// tokio-rs/tracing#2541, #2562
#[test]
fn while_a_future_is_dropped() {
    struct Guard;

    impl Drop for Guard {
        fn drop(&mut self) {
            step();
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
        // Dropped where nothing is current.
        thread::spawn(move || drop(polled)).join().unwrap();
    });
    let tree = expect![[r#"
        workflow argument  cancelled
        └─ task step
        workflow local  cancelled
        └─ task step
        workflow returned  cancelled
        └─ task step
    "#]];
    tree.assert_eq(&collector.tree());
    let marked = |event: &serde_json::Value| {
        event["tags"].as_array().unwrap().iter().any(|tag| tag == "dropped:inside")
    };
    assert_eq!(collector.events().iter().filter(|event| marked(event)).count(), 3);
}

/// tokio-rs/tracing#1391; minitrace#117; tauri-apps/tauri#15658; fast/fastrace#139
#[test]
fn across_threads_and_tasks() {
    #[llmobs::task]
    async fn later(_name: &'static str) {
        tokio::task::yield_now().await;
    }

    #[llmobs::workflow]
    async fn spawns() {
        tokio::spawn(later("task").in_current_context()).await.unwrap();
        tokio::join!(later("joined"), later("too"));
        let context = llmobs::current();
        thread::scope(|scope| {
            scope.spawn(|| context.enter(step));
        });
        let context = llmobs::current();
        tokio::task::spawn_blocking(move || context.enter(step)).await.unwrap();
    }

    let tree = expect![[r#"
        workflow spawns
        ├─ task later  in {"_name":"task"}
        ├─ task later  in {"_name":"joined"}
        ├─ task later  in {"_name":"too"}
        ├─ task step
        └─ task step
    "#]];
    check(
        || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
            runtime.block_on(spawns());
        },
        &tree,
    );
}

/// tokio-rs/tracing-opentelemetry#253
#[test]
fn parent_from_elsewhere() {
    struct Request {
        context: Option<llmobs::Context>,
    }

    #[llmobs::workflow(parent = request.context.as_ref(), skip_all)]
    fn handle(request: &Request) {
        step();
    }

    #[llmobs::workflow(parent = request.context, skip_all)]
    async fn handle_async(request: Request) {
        step();
    }

    let collector = Collector::new();
    let caller = collector.enter(|| llmobs::workflow("caller").start());
    let context = caller.context();
    // On a thread where something else is current.
    thread::spawn(move || {
        let elsewhere = Collector::new();
        elsewhere.enter(|| {
            handle(&Request { context: Some(context.clone()) });
            pollster::block_on(handle_async(Request { context: Some(context) }));
            handle(&Request { context: None });
        });
        expect![[r#"
            workflow handle
            └─ task step
        "#]]
        .assert_eq(&elsewhere.tree());
    })
    .join()
    .unwrap();
    drop(caller);
    expect![[r#"
        workflow caller
        ├─ workflow handle
        │  └─ task step
        └─ workflow handle_async
           └─ task step
    "#]]
    .assert_eq(&collector.tree());
}

/// Arize-ai/openinference#1769; traceloop/openllmetry#3061; langfuse/langfuse#9198; openlit/openlit#1369; google/adk-python#4894
#[test]
fn after_a_stream_is_left_early() {
    use futures_util::stream::{self, Stream, StreamExt as _};

    #[llmobs::llm]
    fn words(text: &'static str) -> impl Stream<Item = &'static str> {
        stream::iter(text.split_inclusive(' ')).inspect(|_| step())
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
        step();
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
                step();
            });
        })
        .join()
        .unwrap();
        step();
        "done"
    }

    let tree = expect![[r#"
        workflow before
        ├─ workflow breaks  out done
        │  ├─ llm words  in user: a b c  out assistant: a b   cancelled
        │  │  ├─ task step
        │  │  └─ task step
        │  └─ task step
        ├─ workflow hands_over  out done
        │  ├─ llm words  in user: d e f  out assistant: d   cancelled
        │  │  └─ task step
        │  ├─ workflow elsewhere
        │  │  └─ task step
        │  └─ task step
        └─ task step
        task step
    "#]];
    check(
        || {
            let before = llmobs::workflow("before").start();
            before.enter(|| {
                assert_eq!(pollster::block_on(breaks()), "done");
                assert_eq!(hands_over(), "done");
                step();
            });
            step();
        },
        &tree,
    );
}
