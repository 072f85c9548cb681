//! Functions that return streams: one span from the first poll to the last item.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::expect;
use futures_util::stream::{
    self, BoxStream, FusedStream, LocalBoxStream, Stream, StreamExt as _, TryStream, TryStreamExt as _,
};
use futures_util::{TryFuture, TryFutureExt};
use llmobs::StreamSpanExt as _;
use llmobs::testing::Collector;
use pollster::block_on;
use serde_json::{Value, json};

use crate::support::{check, first_event};

fn collect<S: Stream>(stream: S) -> Vec<S::Item> {
    block_on(stream.collect())
}

#[llmobs::task]
fn step() {}

mod spellings {
    use super::*;

    #[llmobs::llm]
    fn opaque(prompt: &str) -> impl Stream<Item = String> {
        let words: Vec<String> = prompt.split_inclusive(' ').map(str::to_uppercase).collect();
        stream::iter(words).inspect(|_| step())
    }

    #[llmobs::llm]
    fn pinned<'a>(prompt: &'a str) -> Pin<Box<dyn Stream<Item = &'a str> + Send + 'a>> {
        Box::pin(stream::iter(prompt.split_inclusive(' ')).inspect(|_| step()))
    }

    #[llmobs::llm]
    fn boxed(prompt: String) -> BoxStream<'static, char> {
        stream::iter(prompt.chars().collect::<Vec<_>>()).boxed()
    }

    #[llmobs::llm]
    fn boxed_local(prompt: &str) -> LocalBoxStream<'_, std::rc::Rc<str>> {
        stream::iter(prompt.split_inclusive(' ').map(Into::into)).boxed_local()
    }

    #[llmobs::llm]
    fn unpinned(prompt: String) -> Box<dyn Stream<Item = char> + Unpin> {
        Box::new(stream::iter(prompt.chars().collect::<Vec<_>>()))
    }

    /// The body does not determine the type of the error.
    #[llmobs::llm]
    fn of_results(prompt: &str) -> impl TryStream<Ok = String, Error = std::fmt::Error> {
        stream::iter(prompt.split_inclusive(' ').map(|word| Ok(word.to_owned())).collect::<Vec<_>>())
    }

    #[llmobs::llm]
    fn of_boxed_errors()
    -> impl TryStream<Error = Box<dyn std::error::Error + Send>, Ok = impl AsRef<str>> + Send + Unpin {
        stream::iter(["e".parse::<u8>().map(|_| "one").or(Ok("f"))])
    }

    #[llmobs::llm]
    async fn of_a_future(word: &str) -> impl TryFuture<Ok = String, Error = String> {
        std::future::ready(Ok(word.to_owned()))
    }

    type Tokens<'a> = BoxStream<'a, &'static str>;

    #[llmobs::llm(stream)]
    fn aliased() -> Tokens<'static> {
        stream::iter(["a", "b"]).boxed()
    }

    #[llmobs::llm(stream)]
    async fn aliased_in_result() -> Result<Tokens<'static>, String> {
        Ok(stream::iter(["c", "d"]).boxed())
    }

    #[test]
    fn are_followed_to_the_end() {
        let tree = expect![[r#"
            llm opaque  in user: a b  out assistant: A B
            ├─ task step
            └─ task step
            llm pinned  in user: c d  out assistant: c d
            ├─ task step
            └─ task step
            llm boxed  in user: xy  out assistant: xy
            llm boxed_local  in user: x y  out assistant: x y
            llm unpinned  in user: zz  out assistant: zz
            llm of_results  in user: e f  out assistant: e f
            llm of_boxed_errors  out assistant: f
            llm of_a_future  in user: g  out assistant: g
            llm aliased  out assistant: ab
            llm aliased_in_result  out assistant: cd
        "#]];
        check(
            || {
                assert_eq!(collect(opaque("a b")), ["A ", "B"]);
                assert_eq!(collect(pinned("c d")), ["c ", "d"]);
                assert_eq!(collect(boxed("xy".into())), ['x', 'y']);
                assert_eq!(collect(boxed_local("x y")).concat(), "x y");
                assert_eq!(collect(unpinned("zz".into())), ['z', 'z']);
                assert_eq!(
                    collect(of_results("e f").into_stream()),
                    [Ok("e ".to_owned()), Ok("f".to_owned())]
                );
                assert_eq!(collect(of_boxed_errors().into_stream()).len(), 1);
                assert_eq!(
                    block_on(async { TryFutureExt::into_future(of_a_future("g").await).await }),
                    Ok("g".to_owned())
                );
                assert_eq!(collect(aliased()), ["a", "b"]);
                assert_eq!(collect(block_on(aliased_in_result()).unwrap()), ["c", "d"]);
            },
            &tree,
        );
    }
}

mod clients {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Failure(&'static str);

    /// The usual signature of an LLM client.
    #[llmobs::llm(model_name = "gpt-4o")]
    async fn complete(prompt: &str) -> Result<impl Stream<Item = Result<String, Failure>>, Failure> {
        step();
        if prompt.is_empty() {
            return Err(Failure("no prompt"));
        }
        let tokens: Vec<_> = prompt
            .split_inclusive(' ')
            .map(|word| if word == "!" { Err(Failure("cut off")) } else { Ok(word.to_owned()) })
            .collect();
        Ok(stream::iter(tokens))
    }

    #[llmobs::workflow]
    async fn answer(prompt: &str) -> Vec<Result<String, Failure>> {
        match complete(prompt).await {
            Ok(tokens) => tokens.collect().await,
            Err(failure) => vec![Err(failure)],
        }
    }

    #[test]
    fn begin_at_the_call_and_end_with_the_stream() {
        let tree = expect![[r#"
            workflow answer  in {"prompt":"a b"}  out [Ok("a "), Ok("b")]
            └─ llm complete  in user: a b  out assistant: a b
               └─ task step
            workflow answer  in {"prompt":""}  out [Err(Failure("no prompt"))]
            └─ llm complete  in user:   error it::streams::clients::Failure: Failure("no prompt")
               └─ task step
            workflow answer  in {"prompt":"a !"}  out [Ok("a "), Err(Failure("cut off"))]
            └─ llm complete  in user: a !  out assistant: a   error it::streams::clients::Failure: Failure("cut off")
               └─ task step
        "#]];
        check(
            || {
                assert_eq!(block_on(answer("a b")), [Ok("a ".to_owned()), Ok("b".to_owned())]);
                assert_eq!(block_on(answer("")), [Err(Failure("no prompt"))]);
                assert_eq!(block_on(answer("a !")), [Ok("a ".to_owned()), Err(Failure("cut off"))]);
            },
            &tree,
        );
    }

    #[test]
    fn record_the_time_to_the_first_token_in_seconds() {
        let collector = Collector::new();
        collector.enter(|| {
            block_on(async {
                let mut tokens = Box::pin(complete("a b").await.unwrap());
                tokens.next().await.unwrap().unwrap();
            });
        });
        let complete = collector.events().swap_remove(0);
        let seconds = complete["metrics"]["time_to_first_token"].as_f64().unwrap();
        let duration = complete["duration"].as_f64().unwrap() / 1e9;
        assert!(0.0 < seconds && seconds <= duration, "{seconds} of {duration}");
    }
}

mod ends {
    use super::*;

    #[llmobs::llm]
    fn tokens(count: usize) -> impl Stream<Item = &'static str> {
        stream::iter(["a", "b", "c"]).take(count).inspect(|_| step())
    }

    #[test]
    fn once_when_it_is_dropped_with_the_items_so_far() {
        let tree = expect![[r#"
            llm tokens  in user: {"count":3}  out assistant: ab  cancelled
            ├─ task step
            └─ task step
        "#]];
        check(
            || {
                drop(tokens(1)); // never polled: there is no span
                let mut tokens = Box::pin(tokens(3));
                assert_eq!(block_on(tokens.next()), Some("a"));
                assert_eq!(block_on(tokens.next()), Some("b"));
            },
            &tree,
        );
    }

    #[test]
    fn once_when_it_is_polled_after_its_end() {
        let tree = expect![[r#"
            llm tokens  in user: {"count":1}  out assistant: a
            └─ task step
        "#]];
        check(
            || {
                let mut tokens = Box::pin(tokens(1));
                assert_eq!(block_on(tokens.next()), Some("a"));
                assert_eq!(block_on(tokens.next()), None);
                assert_eq!(block_on(tokens.next()), None);
            },
            &tree,
        );
    }

    #[llmobs::llm]
    fn panics() -> impl Stream<Item = u8> {
        stream::iter([1, 2]).inspect(|number| assert_eq!(*number, 1, "not one"))
    }

    #[test]
    fn when_it_panics_with_the_same_panic() {
        let collector = Collector::new();
        let payload = collector.enter(|| catch_unwind(|| collect(panics())).expect_err("it panics"));
        assert!(payload.downcast_ref::<String>().unwrap().contains("not one"));
        let expected = expect![[r#"
            llm panics  out assistant: [1]  error panic: assertion `left == right` failed: not one\n  left: 2\n right: 1
        "#]];
        expected.assert_eq(&collector.tree());
    }

    /// Records a span when it is dropped.
    struct Owned;
    impl Drop for Owned {
        fn drop(&mut self) {
            step();
        }
    }

    #[llmobs::llm]
    fn owner() -> impl Stream<Item = u8> {
        let owned = Owned;
        stream::iter([1, 2]).inspect(move |_| {
            let _ = &owned;
        })
    }

    #[test]
    fn after_the_values_of_the_stream_are_dropped() {
        let tree = expect![[r#"
            llm owner  out assistant: [1]  cancelled
            └─ task step
        "#]];
        check(
            || {
                let mut owner = Box::pin(owner());
                assert_eq!(block_on(owner.next()), Some(1));
            },
            &tree,
        );
    }
}

mod manual;
mod output;

mod wrapper {
    use super::*;

    #[llmobs::task]
    fn fused() -> impl FusedStream<Item = u8> + Send + Sync + Unpin + 'static {
        stream::iter([1]).fuse()
    }

    #[llmobs::task]
    fn unpin_because_it_is() -> impl Stream<Item = u8> {
        stream::iter([1])
    }

    fn is_unpin<T: Unpin + Send + Sync>(value: T) -> T {
        value
    }

    #[test]
    fn keeps_the_traits_of_the_inner_stream() {
        let mut fused = fused();
        assert!(!fused.is_terminated());
        assert_eq!(block_on(fused.next()), Some(1));
        assert_eq!(block_on(fused.next()), None);
        assert!(fused.is_terminated());
        let hint = is_unpin(unpin_because_it_is()).size_hint();
        assert_eq!(hint, (1, Some(1)));
    }

    #[test]
    fn yields_the_items_if_nothing_is_recorded() {
        let result = catch_unwind(AssertUnwindSafe(|| collect(unpin_because_it_is())));
        assert_eq!(result.unwrap(), [1]);
    }
}
