//! The current span on runtimes of every kind, and in code that changes threads while it runs.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use expect_test::expect;
use futures_util::stream::{self, Stream, StreamExt as _};
use llmobs::FutureSpanExt as _;
use llmobs::testing::Collector;
use smol::future::yield_now;

use crate::support::check;

#[llmobs::task]
fn step() {}

#[llmobs::task(name = name, skip_all)]
async fn later(name: &str) {
    yield_now().await;
    step();
}

mod rayon_jobs {
    use super::*;
    use rayon::iter::{IntoParallelIterator as _, ParallelBridge as _, ParallelIterator as _};

    const JOBS: u32 = 4;

    #[llmobs::task]
    fn numbers(to: u32) -> impl Iterator<Item = u32> {
        (0..to).inspect(|_| step())
    }

    #[test]
    fn belong_to_the_context_they_are_given() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let collector = Collector::new();
        let [root, left, right] = ["root", "left", "right"].map(|name| {
            let span = collector.enter(|| llmobs::workflow(name).start());
            (span.context(), span)
        });
        let on_two_threads = Barrier::new(2);
        let side = |context: &llmobs::Context| {
            context.enter(|| {
                on_two_threads.wait();
                rayon::join(|| context.enter(step), || context.enter(step));
                step();
            });
        };
        let mut numbers = numbers(JOBS);
        pool.install(|| {
            rayon::join(|| side(&left.0), || side(&right.0));
            (0..JOBS)
                .into_par_iter()
                .for_each(|_| root.0.enter(|| llmobs::task("par_iter").start().finish()));
            rayon::scope(|scope| {
                for _ in 0..JOBS {
                    scope.spawn(|_| root.0.enter(|| llmobs::task("scope").start().finish()));
                }
            });
            // Several threads take items.
            let numbers = std::iter::from_fn(|| root.0.enter(|| numbers.next()));
            assert_eq!(numbers.par_bridge().sum::<u32>(), 6);
        });
        let remaining = pool.broadcast(|_| format!("{:?}", llmobs::current()));
        assert_eq!(remaining, ["Context(none)"; 3]);
        drop([root, left, right]);
        expect![[r#"
            workflow root
            ├─ task par_iter
            ├─ task par_iter
            ├─ task par_iter
            ├─ task par_iter
            ├─ task scope
            ├─ task scope
            ├─ task scope
            ├─ task scope
            └─ task numbers  in {"to":4}  out [0,1,2,3]
               ├─ task step
               ├─ task step
               ├─ task step
               └─ task step
            workflow left
            ├─ task step
            ├─ task step
            └─ task step
            workflow right
            ├─ task step
            ├─ task step
            └─ task step
        "#]]
        .assert_eq(&collector.tree());
    }
}

mod moving {
    use super::*;

    /// Runs `piece` on a new thread, where no span is current before or after.
    fn elsewhere<R: Send>(piece: impl FnOnce() -> R + Send) -> R {
        let bare = || assert_eq!(format!("{:?}", llmobs::current()), "Context(none)");
        let piece = || {
            bare();
            let result = piece();
            bare();
            result
        };
        thread::scope(|scope| scope.spawn(piece).join().unwrap())
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Polls a future once here, and then on another thread each time.
    fn migrate<F: Future<Output: Send> + Send>(future: F) -> F::Output {
        let mut future = pin!(future);
        let mut polled = poll(future.as_mut());
        loop {
            match polled {
                Poll::Ready(output) => return output,
                Poll::Pending => polled = elsewhere(|| poll(future.as_mut())),
            }
        }
    }

    #[llmobs::workflow]
    async fn async_fn() -> u8 {
        step();
        later("inside").await;
        step();
        1
    }

    #[llmobs::workflow]
    fn future() -> impl Future<Output = u8> + Send {
        async {
            later("inside").await;
            step();
            2
        }
    }

    /// Records a span when it is dropped.
    struct Owned;
    impl Drop for Owned {
        fn drop(&mut self) {
            step();
        }
    }

    #[llmobs::workflow]
    fn stream(items: u8) -> impl Stream<Item = u8> + Send {
        let owned = Owned;
        stream::iter(0..items).then(move |number| {
            let _ = &owned;
            async move {
                later("inside").await;
                number
            }
        })
    }

    #[llmobs::workflow]
    fn iterator(items: u8) -> impl Iterator<Item = u8> + Send {
        let owned = Owned;
        (0..items).inspect(move |_| {
            let _ = &owned;
            step();
        })
    }

    #[test]
    fn work_keeps_its_span_at_every_poll_and_item() {
        let tree = expect![[r#"
            workflow async_fn  out 1
            ├─ task step
            ├─ task inside
            │  └─ task step
            └─ task step
            workflow future  out 2
            ├─ task inside
            │  └─ task step
            └─ task step
            workflow stream  in {"items":2}  out [0,1]
            ├─ task inside
            │  └─ task step
            ├─ task inside
            │  └─ task step
            └─ task step
            workflow iterator  in {"items":3}  out [0,1,2]
            ├─ task step
            ├─ task step
            ├─ task step
            └─ task step
        "#]];
        let program = || {
            assert_eq!(migrate(async_fn()), 1);
            assert_eq!(migrate(future()), 2);
            let mut stream = Box::pin(stream(2));
            assert_eq!([(); 3].map(|()| migrate(stream.next())), [Some(0), Some(1), None]);
            let mut iterator = iterator(3);
            assert_eq!(iterator.next(), Some(0));
            assert_eq!(elsewhere(|| iterator.next()), Some(1));
            assert_eq!(elsewhere(|| iterator.next()), Some(2));
            assert_eq!(elsewhere(|| iterator.next()), None);
            // Their spans have ended before the values that they own are dropped.
            elsewhere(move || drop((stream, iterator)));
        };
        check(program, &tree);
    }

    #[llmobs::workflow]
    fn never() -> impl Future<Output = ()> + Send {
        let owned = Owned;
        async move {
            let _owned = owned;
            std::future::pending::<()>().await;
        }
    }

    #[test]
    fn work_that_is_dropped_ends_its_span_on_any_thread() {
        let tree = expect![[r#"
            workflow never  cancelled
            └─ task step
            workflow stream  in {"items":9}  out [0]  cancelled
            ├─ task inside
            │  └─ task step
            ├─ task inside  cancelled
            └─ task step
            workflow iterator  in {"items":9}  out [0]  cancelled
            ├─ task step
            └─ task step
        "#]];
        let program = || {
            let mut never = Box::pin(never());
            assert!(poll(never.as_mut()).is_pending());
            let mut stream = Box::pin(stream(9));
            assert_eq!(migrate(stream.next()), Some(0));
            // Half-way between two items.
            assert!(poll(pin!(stream.next())).is_pending());
            let mut iterator = iterator(9);
            assert_eq!(iterator.next(), Some(0));
            elsewhere(move || drop((never, stream, iterator)));
        };
        check(program, &tree);
    }
}

mod nested {
    use super::*;
    use tokio::runtime::{Builder, Handle};
    use tokio::task::{LocalSet, block_in_place, spawn_blocking, spawn_local};

    #[llmobs::workflow]
    async fn block_on_in_spawn_blocking() {
        let (context, handle) = (llmobs::current(), Handle::current());
        spawn_blocking(move || context.enter(|| handle.block_on(later("blocking")))).await.unwrap();
        step();
    }

    #[llmobs::workflow]
    async fn current_thread_in_multi_thread() {
        block_in_place(|| {
            let inner = Builder::new_current_thread().build().unwrap();
            inner.block_on(async {
                let spawned = inner.spawn(later("spawned").in_current_context());
                later("joined").await;
                spawned.await.unwrap();
            });
        });
        yield_now().await;
        step();
    }

    #[llmobs::workflow]
    async fn local_set() {
        block_in_place(|| {
            let tasks = LocalSet::new();
            let spawned = tasks.run_until(async { spawn_local(later("local").in_current_context()).await });
            Builder::new_current_thread().build().unwrap().block_on(spawned).unwrap();
        });
    }

    #[llmobs::workflow]
    async fn pollster_in_smol() {
        pollster::block_on(later("pollster"));
        yield_now().await;
        step();
    }

    #[test]
    fn runtimes_belong_to_the_enclosing_span() {
        let collector = Collector::new();
        let outer = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let programs = async {
            block_on_in_spawn_blocking().await;
            current_thread_in_multi_thread().await;
            local_set().await;
        };
        outer.block_on(outer.spawn(programs.in_context(collector.context()))).unwrap();
        smol::block_on(smol::spawn(pollster_in_smol().in_context(collector.context())));
        expect![[r#"
            workflow block_on_in_spawn_blocking
            ├─ task blocking
            │  └─ task step
            └─ task step
            workflow current_thread_in_multi_thread
            ├─ task joined
            │  └─ task step
            ├─ task spawned
            │  └─ task step
            └─ task step
            workflow local_set
            └─ task local
               └─ task step
            workflow pollster_in_smol
            ├─ task pollster
            │  └─ task step
            └─ task step
        "#]]
        .assert_eq(&collector.tree());
    }
}

mod custom_executor {
    use super::*;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    /// Puts its task back into the queue.
    struct Requeue(usize, mpsc::Sender<usize>);

    impl Wake for Requeue {
        fn wake(self: Arc<Self>) {
            self.1.send(self.0).unwrap();
        }
    }

    /// Runs tasks in the order in which they are woken.
    fn run(mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>>) {
        let (sender, queue) = mpsc::channel();
        (0..tasks.len()).for_each(|task| sender.send(task).unwrap());
        let mut running = tasks.len();
        while running > 0 {
            let task = queue.try_recv().expect("a woken task");
            let waker = Arc::new(Requeue(task, sender.clone())).into();
            if tasks[task].as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                running -= 1;
            }
        }
    }

    #[llmobs::workflow(skip_all, name = name)]
    async fn player(name: &str, sender: UnboundedSender<u8>, mut receiver: UnboundedReceiver<u8>) {
        while let Some(ball) = receiver.recv().await.filter(|ball| *ball < 4) {
            llmobs::tool(format!("{name} hits {ball}")).start().finish();
            // The other task is woken inside this span, and runs outside of it.
            sender.send(ball + 1).unwrap_or_default();
        }
    }

    #[test]
    fn with_its_own_queue_and_wakers_keeps_tasks_apart() {
        let tree = expect![[r#"
            workflow ping
            ├─ tool ping hits 0
            └─ tool ping hits 2
            workflow pong
            ├─ tool pong hits 1
            └─ tool pong hits 3
        "#]];
        let program = || {
            let [(first, at_first), (second, at_second)] = [(); 2].map(|()| unbounded_channel());
            first.send(0).unwrap();
            run(vec![Box::pin(player("ping", second, at_first)), Box::pin(player("pong", first, at_second))]);
        };
        check(program, &tree);
    }
}
