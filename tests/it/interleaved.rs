//! Interleaved streams, iterators and futures: each keeps its own span and its own place in the tree.

use std::pin::pin;

use expect_test::expect;
use futures_util::future::{Either, select};
use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use pollster::block_on;
use smol::future::yield_now;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::check;

/// Records a span with this name.
#[llmobs::task(name = name, skip_all)]
fn step(name: &str) {}

#[llmobs::task(name = name, skip_all)]
async fn later(name: &str) {
    yield_now().await;
    step(&format!("end of {name}"));
}

/// Words such as `a1`, each in two polls.
#[llmobs::llm(name = letter, skip_all)]
fn words(letter: &str, count: usize) -> impl Stream<Item = String> {
    stream::iter(0..count).then(move |number| async move {
        let word = format!("{letter}{number}");
        yield_now().await;
        step(&word);
        word
    })
}

/// Words such as `a1`.
#[llmobs::llm(name = letter, skip_all)]
fn spoken(letter: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |number| {
        let word = format!("{letter}{number}");
        step(&word);
        word
    })
}

mod streams {
    use super::*;

    #[test]
    fn polled_alternately_keep_their_own_spans() {
        let tree = expect![[r#"
            workflow outer
            ├─ llm a  out assistant: a0a1a2  cancelled
            │  ├─ task a0
            │  ├─ task a1
            │  └─ task a2
            ├─ llm b  out assistant: b0b1  cancelled
            │  ├─ task b0
            │  └─ task b1
            └─ task between
            task outside
        "#]];
        let program = || {
            let (mut a, mut b) = (pin!(words("a", 9)), pin!(words("b", 9)));
            let outer = llmobs::workflow("outer").start();
            outer.enter(|| {
                block_on(async {
                    assert_eq!(a.next().await.unwrap(), "a0");
                    assert_eq!(b.next().await.unwrap(), "b0");
                    // Both are in the middle of a word when the other is polled.
                    assert_eq!(tokio::join!(a.next(), b.next()), (Some("a1".into()), Some("b1".into())));
                    step("between");
                });
            });
            step("outside");
            block_on(async { assert_eq!(a.next().await.unwrap(), "a2") });
        };
        check(program, &tree);
    }

    #[llmobs::workflow(skip_all)]
    async fn joins() {
        tokio::join!(words("a", 2).collect::<Vec<_>>(), words("b", 2).collect::<Vec<_>>(), later("other"));
    }

    #[llmobs::workflow(skip_all)]
    async fn merges() -> Vec<String> {
        stream::select_all([words("a", 2).boxed(), words("b", 2).boxed()]).collect().await
    }

    #[test]
    fn joined_or_merged_keep_their_own_spans() {
        let tree = expect![[r#"
            workflow joins
            ├─ llm a  out assistant: a0a1
            │  ├─ task a0
            │  └─ task a1
            ├─ llm b  out assistant: b0b1
            │  ├─ task b0
            │  └─ task b1
            └─ task other
               └─ task end of other
            workflow merges  out ["a0","b0","a1","b1"]
            ├─ llm a  out assistant: a0a1
            │  ├─ task a0
            │  └─ task a1
            └─ llm b  out assistant: b0b1
               ├─ task b0
               └─ task b1
        "#]];
        let program = || {
            block_on(joins());
            assert_eq!(block_on(merges()).concat(), "a0b0a1b1");
        };
        check(program, &tree);
    }

    #[llmobs::workflow(skip_all)]
    async fn selects(mut ticks: UnboundedReceiver<u8>) -> Vec<String> {
        let mut words = pin!(words("a", 3));
        let mut seen = Vec::new();
        loop {
            tokio::select! {
                biased;
                word = words.next() => match word {
                    Some(word) => seen.push(word),
                    None => break,
                },
                Some(tick) = ticks.recv() => seen.push(format!("tick {tick}")),
            }
        }
        seen
    }

    #[llmobs::workflow(skip_all)]
    async fn gives_up() {
        let mut slow = pin!(words("slow", 2));
        let Either::Left(_) = select(pin!(yield_now()), slow.next()).await else { panic!("it is slow") };
        step("instead");
    }

    #[test]
    fn that_lose_a_select_continue_or_are_cancelled() {
        let tree = expect![[r#"
            workflow selects  out ["tick 1","a0","a1","a2"]
            └─ llm a  out assistant: a0a1a2
               ├─ task a0
               ├─ task a1
               └─ task a2
            workflow gives_up
            ├─ llm slow  cancelled
            └─ task instead
        "#]];
        let program = || {
            let (sender, ticks) = unbounded_channel();
            sender.send(1).unwrap();
            assert_eq!(block_on(selects(ticks)).concat(), "tick 1a0a1a2");
            block_on(gives_up());
        };
        check(program, &tree);
    }

    #[llmobs::workflow(skip_all)]
    async fn consumes(words: impl Stream<Item = String>) -> usize {
        step("before");
        words.count().await
    }

    #[test]
    fn belong_to_the_span_that_consumes_them() {
        let tree = expect![[r#"
            workflow elsewhere
            workflow consumes  out 1
            ├─ task before
            └─ llm a  out assistant: a0
               └─ task a0
        "#]];
        let program = || {
            let words = llmobs::workflow("elsewhere").start().enter(|| words("a", 1));
            assert_eq!(block_on(consumes(words)), 1);
        };
        check(program, &tree);
    }

    #[llmobs::workflow(skip_all)]
    fn shouted(letter: &str) -> impl Stream<Item = String> {
        let words = words(letter, 2).chain(words("b", 1));
        words.map(|word| {
            step(&format!("shout {word}"));
            word.to_uppercase()
        })
    }

    #[llmobs::workflow(skip_all)]
    fn flattened() -> impl Stream<Item = String> {
        words("a", 1).flat_map(|word| words(word.leak(), 2))
    }

    #[test]
    fn inside_streams_are_children_of_their_spans() {
        let tree = expect![[r#"
            workflow shouted  out A0A1B0
            ├─ llm a  out assistant: a0a1
            │  ├─ task a0
            │  └─ task a1
            ├─ task shout a0
            ├─ task shout a1
            ├─ llm b  out assistant: b0
            │  └─ task b0
            └─ task shout b0
            workflow flattened  out a00a01
            ├─ llm a  out assistant: a0
            │  └─ task a0
            └─ llm a0  out assistant: a00a01
               ├─ task a00
               └─ task a01
        "#]];
        let program = || {
            assert_eq!(block_on(shouted("a").collect::<String>()), "A0A1B0");
            assert_eq!(block_on(flattened().collect::<String>()), "a00a01");
        };
        check(program, &tree);
    }
}

mod futures {
    use super::*;

    #[llmobs::workflow(skip_all)]
    async fn unordered() -> usize {
        // The futures are created here, and polled by the loop below.
        let mut futures: FuturesUnordered<_> = ["a", "b", "c"].into_iter().map(later).collect();
        let mut done = 0;
        while futures.next().await.is_some() {
            done += 1;
            futures.extend((done == 1).then(|| later("late")));
        }
        done
    }

    #[llmobs::workflow(skip_all)]
    async fn buffered() -> usize {
        let consumed = |letter| async move {
            later(letter).await;
            words(letter, 1).count().await
        };
        stream::iter(["a", "b", "c"]).map(consumed).buffer_unordered(2).fold(0, async |a, b| a + b).await
    }

    #[test]
    fn in_a_set_keep_their_own_spans() {
        let tree = expect![[r#"
            workflow unordered  out 4
            ├─ task a
            │  └─ task end of a
            ├─ task b
            │  └─ task end of b
            ├─ task c
            │  └─ task end of c
            └─ task late
               └─ task end of late
            workflow buffered  out 3
            ├─ task a
            │  └─ task end of a
            ├─ task b
            │  └─ task end of b
            ├─ llm a  out assistant: a0
            │  └─ task a0
            ├─ llm b  out assistant: b0
            │  └─ task b0
            ├─ task c
            │  └─ task end of c
            └─ llm c  out assistant: c0
               └─ task c0
        "#]];
        let program = || {
            assert_eq!(block_on(unordered()), 4);
            assert_eq!(block_on(buffered()), 3);
        };
        check(program, &tree);
    }
}

mod iterators {
    use super::*;

    #[llmobs::workflow(skip_all)]
    fn pairs() -> impl Iterator<Item = String> {
        spoken("a", 2).zip(spoken("b", 2)).map(|(a, b)| {
            step("pair");
            a + &b
        })
    }

    #[llmobs::workflow(skip_all)]
    fn flattened() -> impl Iterator<Item = String> {
        spoken("a", 1).flat_map(|word| spoken(word.leak(), 2))
    }

    #[test]
    fn inside_iterators_are_children_of_their_spans() {
        let tree = expect![[r#"
            workflow pairs  out a0b0a1b1
            ├─ llm a  out assistant: a0a1
            │  ├─ task a0
            │  └─ task a1
            ├─ llm b  out assistant: b0b1  cancelled
            │  ├─ task b0
            │  └─ task b1
            ├─ task pair
            └─ task pair
            workflow flattened  out a00a01
            ├─ llm a  out assistant: a0
            │  └─ task a0
            └─ llm a0  out assistant: a00a01
               ├─ task a00
               └─ task a01
        "#]];
        let program = || {
            assert_eq!(pairs().collect::<String>(), "a0b0a1b1");
            assert_eq!(flattened().collect::<String>(), "a00a01");
        };
        check(program, &tree);
    }

    #[test]
    fn advanced_alternately_keep_their_own_spans() {
        let tree = expect![[r#"
            workflow outer
            ├─ llm a  out assistant: a0a1
            │  ├─ task a0
            │  └─ task a1
            ├─ llm b  out assistant: b0b1
            │  ├─ task b0
            │  └─ task b1
            └─ task between
        "#]];
        let program = || {
            let [mut a, mut b] = ["a", "b"].map(|letter| spoken(letter, 2));
            let outer = llmobs::workflow("outer").start();
            outer.enter(|| {
                assert_eq!(a.next().unwrap() + &b.next().unwrap(), "a0b0");
                step("between");
            });
            assert_eq!(b.next().unwrap() + &a.next().unwrap(), "b1a1");
            assert_eq!((a.next(), b.next()), (None, None));
        };
        check(program, &tree);
    }

    #[llmobs::task(skip_all)]
    async fn parsed(words: impl Iterator<Item = String>) -> usize {
        let mut parsed = 0;
        for word in words {
            later(&word).await;
            parsed += 1;
        }
        parsed
    }

    #[test]
    fn are_consumed_in_async_code() {
        let tree = expect![[r#"
            task parsed  out 2
            ├─ llm a  out assistant: a0a1
            │  ├─ task a0
            │  └─ task a1
            ├─ task a0
            │  └─ task end of a0
            └─ task a1
               └─ task end of a1
            task parsed  out 1
            ├─ llm b  out assistant: b0
            │  └─ task b0
            └─ task b0
               └─ task end of b0
        "#]];
        let program = || {
            let both = async { tokio::join!(parsed(spoken("a", 2)), parsed(spoken("b", 1))) };
            assert_eq!(block_on(both), (2, 1));
        };
        check(program, &tree);
    }
}
