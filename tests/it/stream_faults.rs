//! Streams and iterators that are not simply consumed to their end. The program gets the same results as without llmobs, and
//! the span shows the outcome.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::{mem, thread};

use expect_test::{Expect, expect};
use futures_util::stream::{Stream, StreamExt as _};
use llmobs::FutureSpanExt as _;
use llmobs::testing::Collector;
use pollster::block_on;

/// Runs `program`, compares the tree of its spans, and checks that it leaves no context attached.
fn check(program: impl FnOnce(), tree: &Expect) {
    let collector = Collector::new();
    let before = format!("{:?}", llmobs::current());
    collector.enter(|| {
        program();
        assert_eq!(format!("{:?}", llmobs::current()), "Context(no span)");
    });
    assert_eq!(format!("{:?}", llmobs::current()), before);
    tree.assert_eq(&collector.tree());
}

#[llmobs::task]
fn step() {}

/// Records a span when it is dropped.
struct Owned(&'static str);

impl Drop for Owned {
    fn drop(&mut self) {
        llmobs::task(format!("{} dropped", self.0)).start().finish();
    }
}

/// The next step of a script.
#[derive(Clone, Copy)]
enum Next {
    Item(u8),
    End,
    Wait,
    Panic,
}

use Next::{End, Item, Panic, Wait};

/// A stream, and an iterator, that follows a script. Neither is fused.
struct Scripted {
    script: std::vec::IntoIter<Next>,
    waiting: Option<Waker>,
    _owned: Owned,
}

impl Scripted {
    fn new(script: &[Next]) -> Self {
        Self { script: Vec::from(script).into_iter(), waiting: None, _owned: Owned("script") }
    }

    fn advance(&mut self) -> Poll<Option<u8>> {
        step();
        match self.script.next().expect("another step of the script") {
            Item(item) => Poll::Ready(Some(item)),
            End => Poll::Ready(None),
            Wait => Poll::Pending,
            Panic => panic!("as the script says"),
        }
    }
}

impl Stream for Scripted {
    type Item = u8;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u8>> {
        self.waiting = Some(context.waker().clone());
        self.advance()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.script.len(), Some(7 * self.script.len()))
    }
}

impl Iterator for Scripted {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let Poll::Ready(item) = self.advance() else { panic!("an iterator cannot wait") };
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Stream::size_hint(self)
    }
}

#[llmobs::task(skip_all)]
fn streamed(script: &[Next]) -> impl Stream<Item = u8> + Send + Unpin + use<> {
    Scripted::new(script)
}

#[llmobs::task(skip_all)]
fn iterated(script: &[Next]) -> impl Iterator<Item = u8> + Send + use<> {
    Scripted::new(script)
}

fn poll(stream: &mut (impl Stream<Item = u8> + Unpin)) -> Poll<Option<u8>> {
    stream.poll_next_unpin(&mut Context::from_waker(Waker::noop()))
}

mod polled {
    use super::*;

    #[test]
    fn after_the_end_returns_what_the_inner_stream_returns() {
        let tree = expect![[r#"
            workflow outer
            ├─ task streamed  out [1]
            │  ├─ task step
            │  ├─ task step
            │  ├─ task step
            │  ├─ task step
            │  └─ task script dropped
            └─ task iterated  out [1]
               ├─ task step
               ├─ task step
               ├─ task step
               ├─ task step
               └─ task script dropped
        "#]];
        let program = || {
            let outer = llmobs::workflow("outer").start();
            let _attached = outer.attach();
            let script = [Item(1), End, Item(2), End];
            let mut stream = streamed(&script);
            let answers = script.map(|_| poll(&mut stream));
            assert_eq!(answers, [Some(1), None, Some(2), None].map(Poll::Ready));
            let mut iterator = iterated(&script);
            assert_eq!(script.map(|_| iterator.next()), [Some(1), None, Some(2), None]);
        };
        check(program, &tree);
    }

    #[test]
    fn after_a_panic_continues_like_the_inner_stream() {
        let tree = expect![[r#"
            task streamed  out [1,2]  error panic: as the script says
            ├─ task step
            ├─ task step
            ├─ task step
            ├─ task step
            ├─ task step
            └─ task script dropped
            task iterated  out [1,2]  error panic: as the script says
            ├─ task step
            ├─ task step
            ├─ task step
            └─ task script dropped
        "#]];
        let program = || {
            let script = [Item(1), Panic, Wait, Item(2), End];
            let mut stream = streamed(&script);
            let answers = script.map(|_| catch_unwind(AssertUnwindSafe(|| poll(&mut stream))).ok());
            let [ready @ .., end] = [Some(1), Some(2), None].map(|item| Some(Poll::Ready(item)));
            assert_eq!(answers, [ready[0], None, Some(Poll::Pending), ready[1], end]);
            let script = [Item(1), Panic, Item(2)];
            let mut iterator = iterated(&script);
            let answers = script.map(|_| catch_unwind(AssertUnwindSafe(|| iterator.next())).ok());
            assert_eq!(answers, [Some(Some(1)), None, Some(Some(2))]);
        };
        check(program, &tree);
    }

    struct Idle(#[expect(dead_code, reason = "it is dropped")] Owned);

    impl Wake for Idle {
        fn wake(self: Arc<Self>) {
            panic!("no task should be woken");
        }
    }

    #[test]
    fn keeps_no_other_waker_than_the_inner_stream() {
        let tree = expect![[r#"
            task streamed  cancelled
            ├─ task step
            ├─ task first waker dropped
            ├─ task step
            ├─ task second waker dropped
            └─ task script dropped
            task step
        "#]];
        let program = || {
            let mut stream = streamed(&[Wait, Wait]);
            for name in ["first waker", "second waker"] {
                let idle = Arc::new(Idle(Owned(name)));
                let waker = Waker::from(Arc::clone(&idle));
                assert!(stream.poll_next_unpin(&mut Context::from_waker(&waker)).is_pending());
                drop(waker);
                assert_eq!(Arc::strong_count(&idle), 2, "that of the test and that of the stream");
            }
            step();
        };
        check(program, &tree);
    }

    #[test]
    fn has_the_size_hint_of_the_inner_stream() {
        let script = [Item(1), Item(2), End, End];
        let program = || {
            let (mut stream, mut iterator) = (streamed(&script), iterated(&script));
            for left in (0..script.len()).rev() {
                let hint = (left + 1, Some(7 * (left + 1)));
                assert_eq!((stream.size_hint(), iterator.size_hint()), (hint, hint));
                let _ = (poll(&mut stream), iterator.next());
            }
        };
        program();
        Collector::new().enter(program);
    }
}

mod abandoned {
    use super::*;

    /// Panics while it owns its arguments.
    #[llmobs::workflow(skip_all)]
    fn consumer(mut stream: impl Stream<Item = u8> + Unpin, mut iterator: impl Iterator<Item = u8>) {
        assert_eq!(poll(&mut stream), Poll::Ready(iterator.next()), "they differ");
    }

    #[test]
    fn while_unwinding_is_cancelled() {
        let tree = expect![[r#"
            workflow consumer  error panic: assertion `left == right` failed: they differ\n  left: Ready(Some(1))\n right: Ready(Some(2))
            ├─ task streamed  out [1]  cancelled
            │  ├─ task step
            │  └─ task script dropped
            └─ task iterated  out [2]  cancelled
               ├─ task step
               └─ task script dropped
        "#]];
        let program = || {
            let consume = || consumer(streamed(&[Item(1)]), iterated(&[Item(2)]));
            let payload = catch_unwind(AssertUnwindSafe(consume)).unwrap_err();
            assert!(payload.downcast_ref::<String>().unwrap().contains("they differ"));
        };
        check(program, &tree);
    }

    #[llmobs::task]
    async fn waits() {
        let _owned = Owned("future");
        std::future::pending::<()>().await;
    }

    #[test]
    fn without_being_dropped_is_not_recorded() {
        let tree = expect![[r#"
            task step
            task step
            task step
        "#]];
        let program = || {
            let mut stream = streamed(&[Item(1), Item(2)]);
            assert_eq!(poll(&mut stream), Poll::Ready(Some(1)));
            mem::forget(stream);
            let mut iterator = iterated(&[Item(1)]);
            assert_eq!(iterator.next(), Some(1));
            mem::forget(iterator);
            let mut future = Box::pin(waits());
            assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            mem::forget(future);
            step();
        };
        check(program, &tree);
    }

    #[test]
    fn on_another_thread_after_its_collector_is_not_recorded() {
        let collector = Collector::new();
        let mut stream = collector.enter(|| streamed(&[Item(1), Item(2), Item(3)]));
        let mut iterator = collector.enter(|| iterated(&[Item(1), Item(2), Item(3)]));
        let first = collector.enter(|| (poll(&mut stream), iterator.next()));
        assert_eq!(first, (Poll::Ready(Some(1)), Some(1)));
        drop(collector);
        // Another collector is open, so that llmobs is not disabled.
        let other = Collector::new();
        thread::spawn(move || {
            assert_eq!((poll(&mut stream), iterator.next()), (Poll::Ready(Some(2)), Some(2)));
            drop((stream, iterator));
        })
        .join()
        .unwrap();
        assert_eq!(other.tree(), "");
    }

    thread_local! {
        static KEPT: RefCell<Option<Box<dyn Iterator<Item = u8>>>> = const { RefCell::new(None) };
    }

    /// Starts a span in a context when it is dropped.
    struct StartsLate(llmobs::Context);

    impl Drop for StartsLate {
        fn drop(&mut self) {
            llmobs::task("late").parent(&self.0).start().finish();
            self.0.enter(|| llmobs::task("entered late").start().finish());
        }
    }

    thread_local! {
        static LATE: RefCell<Option<StartsLate>> = const { RefCell::new(None) };
    }

    #[test]
    fn spans_can_start_at_the_end_of_a_thread() {
        for span_is_first in [true, false] {
            let collector = Collector::new();
            let root = collector.enter(|| llmobs::workflow("root").start());
            let context = root.context();
            let keep = move || {
                if span_is_first {
                    LATE.with(|_| ());
                }
                context.enter(|| llmobs::task("first").start().finish());
                LATE.set(Some(StartsLate(context)));
            };
            thread::spawn(keep).join().unwrap();
            root.finish();
            let expected = "workflow root\n├─ task first\n├─ task late\n└─ task entered late\n";
            assert_eq!(collector.tree(), expected);
        }
    }

    #[test]
    fn at_the_end_of_a_thread_is_recorded() {
        for iterator_is_first in [true, false] {
            let collector = Collector::new();
            let context = collector.context();
            let keep = move || {
                if iterator_is_first {
                    KEPT.with(|_| ());
                }
                let mut iterator = context.enter(|| iterated(&[Item(1)]));
                assert_eq!(context.enter(|| iterator.next()), Some(1));
                KEPT.set(Some(Box::new(iterator)));
            };
            thread::spawn(keep).join().unwrap();
            // Its values may be dropped when no span can be current any more.
            assert_eq!(collector.tree().lines().next(), Some("task iterated  out [1]  cancelled"));
        }
    }
}

mod ended {
    use super::*;

    /// Annotates the span at the second item, after the span has ended with the first.
    #[llmobs::task]
    fn fails_first() -> impl Iterator<Item = Result<u8, &'static str>> {
        [Err("no"), Ok(1)].into_iter().inspect(|item| {
            if item.is_ok() {
                llmobs::annotate(|note| {
                    note.output("said by the iterator");
                });
                step();
            }
        })
    }

    #[llmobs::workflow]
    fn tries_again() -> u8 {
        fails_first().find_map(Result::ok).unwrap()
    }

    #[test]
    fn early_does_not_annotate_the_enclosing_span() {
        let tree = expect![[r#"
            workflow tries_again  out 1
            └─ task fails_first  error &str: no
               └─ task step
        "#]];
        check(|| assert_eq!(tries_again(), 1), &tree);
    }

    /// Keeps the context of the span in which it runs.
    #[llmobs::task(skip_all)]
    fn leaks(kept: &RefCell<llmobs::Context>) -> impl Iterator<Item = u8> {
        (0..1).inspect(|_| kept.replace(llmobs::current()).enter(|| ()))
    }

    #[test]
    fn accepts_children_but_no_annotations() {
        let tree = expect![[r#"
            task leaks  out [0]
            └─ task step
            workflow by hand
            ├─ task step
            └─ task panics  error panic: too late
        "#]];
        let program = || {
            let kept = RefCell::default();
            assert_eq!(leaks(&kept).count(), 1);
            kept.borrow().enter(|| {
                llmobs::annotate(|note| {
                    note.output("too late").tag("cancelled", true);
                });
                step();
            });
            let span = llmobs::workflow("by hand").start();
            let context = span.context();
            block_on(
                async {
                    span.finish();
                    llmobs::annotate(|note| {
                        note.output("too late");
                    });
                    step();
                    catch_unwind(|| llmobs::task("panics").start().enter(|| panic!("too late"))).unwrap_err();
                }
                .in_context(context),
            );
        };
        check(program, &tree);
    }
}
