//! Whole programs: random ones, whose spans the generator knows, and many tasks at once.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_util::future::join_all;
use futures_util::stream::{self, Stream, StreamExt as _};
use llmobs::FutureSpanExt as _;
use llmobs::testing::Collector;
use serde_json::Value;
use smol::future::yield_now;

/// The path of each span from the root, such as `a > b  cancelled`, and the number of spans with this path.
fn paths(events: &[Value]) -> BTreeMap<String, usize> {
    let known: HashMap<&str, &Value> =
        events.iter().map(|event| (event["span_id"].as_str().unwrap(), event)).collect();
    let mut paths = BTreeMap::new();
    for event in events {
        let mut names = vec![event["name"].as_str().unwrap()];
        let mut above = event;
        while let Some(parent) = known.get(above["parent_id"].as_str().unwrap()) {
            assert_eq!(parent["trace_id"], event["trace_id"]);
            names.push(parent["name"].as_str().unwrap());
            above = parent;
        }
        assert_eq!(above["parent_id"], "undefined", "the parent of {names:?} is missing");
        names.reverse();
        let is_cancelled = event["tags"].as_array().unwrap().contains(&"cancelled:true".into());
        let path = names.join(" > ") + if is_cancelled { "  cancelled" } else { "" };
        *paths.entry(path).or_default() += 1;
    }
    paths
}

mod random {
    use super::*;

    /// A linear congruential generator: the same programs each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % end
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Form {
        Function,
        AsyncFn,
        Future,
        Iterator,
        Stream,
    }

    /// The futures here only yield. pollster does not work, since it loses wake-ups if it is nested on a thread.
    fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
        }
    }

    /// A step of a program, which has one span.
    #[derive(Debug)]
    struct Step {
        name: String,
        form: Form,
        inner: Vec<Step>,
        /// Whether the inner steps run concurrently.
        joined: bool,
        /// How many items a consumer takes. Each inner step produces one.
        taken: usize,
    }

    impl Step {
        fn random(name: String, depth: usize, random: &mut Random) -> Self {
            let form = [Form::Function, Form::AsyncFn, Form::Future, Form::Iterator, Form::Stream];
            let width = if depth == 0 { 0 } else { random.below(4) };
            let inner = (0..width).map(|n| Self::random(format!("{name}{n}"), depth - 1, random)).collect();
            Self {
                name,
                form: form[random.below(form.len())],
                inner,
                joined: random.below(2) == 0,
                taken: random.below(width + 3),
            }
        }

        /// Adds the paths of the expected spans.
        fn expected(&self, above: &str, paths: &mut BTreeMap<String, usize>) {
            let in_pieces = matches!(self.form, Form::Iterator | Form::Stream);
            let taken = if in_pieces { self.taken } else { usize::MAX };
            if taken > 0 {
                let path = format!("{above}{}", self.name);
                let is_cancelled = taken <= self.inner.len();
                self.inner.iter().take(taken).for_each(|step| step.expected(&format!("{path} > "), paths));
                paths.insert(path + if is_cancelled { "  cancelled" } else { "" }, 1);
            }
        }

        fn run(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(async {
                match self.form {
                    Form::Function => function(self),
                    Form::AsyncFn => async_fn(self).await,
                    Form::Future => future(self).await,
                    Form::Iterator => {
                        let mut items = iterator(self);
                        for taken in 0..self.taken {
                            assert_eq!(items.next().is_some(), taken < self.inner.len());
                            yield_now().await;
                        }
                    }
                    Form::Stream => {
                        let mut items = pin!(stream(self));
                        for taken in 0..self.taken {
                            assert_eq!(items.next().await.is_some(), taken < self.inner.len());
                            yield_now().await;
                        }
                    }
                }
            })
        }

        async fn run_inner(&self) {
            if self.joined {
                join_all(self.inner.iter().map(Self::run)).await;
            } else {
                for step in &self.inner {
                    step.run().await;
                }
            }
        }
    }

    #[llmobs::task(name = step.name, skip_all)]
    fn function(step: &Step) {
        block_on(step.run_inner());
    }

    #[llmobs::task(name = step.name, skip_all)]
    async fn async_fn(step: &Step) {
        yield_now().await;
        step.run_inner().await;
    }

    #[llmobs::task(name = step.name, skip_all)]
    fn future(step: &Step) -> impl Future<Output = ()> + Send {
        async {
            step.run_inner().await;
            yield_now().await;
        }
    }

    #[llmobs::task(name = step.name, skip_all)]
    fn iterator(step: &Step) -> impl Iterator<Item = ()> + Send {
        step.inner.iter().map(|step| block_on(step.run()))
    }

    #[llmobs::task(name = step.name, skip_all)]
    fn stream(step: &Step) -> impl Stream<Item = ()> + Send {
        stream::iter(&step.inner).then(Step::run)
    }

    /// Runs programs concurrently. The next program, and whether it is polled here or on another thread, are random.
    /// After `most` polls, the remaining programs are dropped. Returns the number of polls.
    fn run(programs: &[Step], collector: &Collector, random: &mut Random, most: usize) -> usize {
        let mut tasks: Vec<_> =
            programs.iter().map(|step| Box::pin(step.run().in_context(collector.context()))).collect();
        for polls in 0..most {
            if tasks.is_empty() {
                return polls;
            }
            let chosen = random.below(tasks.len());
            let task = tasks[chosen].as_mut();
            let poll = || task.poll(&mut Context::from_waker(Waker::noop())).is_ready();
            let is_ready = if random.below(2) == 0 {
                poll()
            } else {
                thread::scope(|scope| scope.spawn(poll).join().unwrap())
            };
            if is_ready {
                drop(tasks.swap_remove(chosen));
            }
        }
        most
    }

    fn without_cancelled(paths: &BTreeMap<String, usize>) -> BTreeMap<&str, usize> {
        paths.iter().map(|(path, count)| (path.trim_end_matches("  cancelled"), *count)).collect()
    }

    #[test]
    fn programs_have_the_spans_that_their_generator_expects() {
        let mut spans = 0;
        for seed in 0..40 {
            let random = &mut Random(seed);
            let programs = ["a", "b", "c"].map(|name| Step::random(name.to_owned(), 4, random));
            let mut expected = BTreeMap::new();
            for program in &programs {
                program.expected("", &mut expected);
            }
            let collector = Collector::new();
            let polls = run(&programs, &collector, random, usize::MAX);
            assert_eq!(paths(&collector.events()), expected, "seed {seed}: {programs:#?}");
            spans += expected.len();

            // If the programs are dropped half-way, each span that started ends once, in its place.
            let collector = Collector::new();
            run(&programs, &collector, random, polls / 2);
            let begun = paths(&collector.events());
            let (begun, expected) = (without_cancelled(&begun), without_cancelled(&expected));
            let wrong: Vec<_> =
                begun.iter().filter(|(path, count)| expected.get(*path) != Some(count)).collect();
            assert!(wrong.is_empty(), "seed {seed}: {wrong:?} of {programs:#?}");
        }
        assert!(spans > 1000, "the programs are too small: {spans} spans");
    }
}

mod many {
    use super::*;

    const TASKS: usize = 200;
    const ROUNDS: usize = 20;

    #[llmobs::workflow(name = format!("root {number}"), skip_all)]
    async fn root(number: usize) {
        for _ in 0..ROUNDS {
            let items = items(number).map(|_| ()).collect::<Vec<_>>();
            tokio::join!(leaf(number), items);
        }
    }

    #[llmobs::task(name = format!("leaf of {number}"), skip_all)]
    async fn leaf(number: usize) {
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        llmobs::annotate(|note| {
            note.tag("number", number);
        });
    }

    #[llmobs::task(name = format!("items of {number}"), skip_all)]
    fn items(number: usize) -> impl Stream<Item = usize> {
        stream::iter(0..2).then(move |item| async move {
            tokio::task::yield_now().await;
            llmobs::tool(format!("item {item} of {number}")).start().finish();
            item
        })
    }

    #[test]
    fn tasks_on_many_threads_have_the_right_parents() {
        let remaining = Arc::new(Mutex::new(Vec::new()));
        let at_end = Arc::clone(&remaining);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .on_thread_stop(move || at_end.lock().unwrap().push(format!("{:?}", llmobs::current())))
            .build()
            .unwrap();
        let collector = Collector::new();
        runtime.block_on(async {
            let spawn = |number| tokio::spawn(root(number).in_context(collector.context()));
            for root in (0..TASKS).map(spawn).collect::<Vec<_>>() {
                root.await.unwrap();
            }
        });
        drop(runtime);
        assert_eq!(*remaining.lock().unwrap(), ["Context(none)"; 4]);
        let mut expected = BTreeMap::new();
        for number in 0..TASKS {
            let (root, items) = (format!("root {number}"), format!("items of {number}"));
            expected.insert(format!("{root} > leaf of {number}"), ROUNDS);
            expected.insert(format!("{root} > {items} > item 0 of {number}"), ROUNDS);
            expected.insert(format!("{root} > {items} > item 1 of {number}"), ROUNDS);
            expected.insert(format!("{root} > {items}"), ROUNDS);
            expected.insert(root, 1);
        }
        let events = collector.events();
        for leaf in events.iter().filter(|event| event["name"].as_str().unwrap().starts_with("leaf")) {
            let number = leaf["name"].as_str().unwrap().strip_prefix("leaf of ").unwrap();
            assert!(leaf["tags"].as_array().unwrap().contains(&format!("number:{number}").into()), "{leaf}");
        }
        let found = paths(&events);
        assert_eq!((found.len(), found.values().sum::<usize>()), (5 * TASKS, TASKS * (1 + 4 * ROUNDS)));
        assert!(found == expected, "a span has a wrong parent");
    }
}
