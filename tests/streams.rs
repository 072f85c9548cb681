//! Functions that return streams: one span from the first poll to the last item.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and expect-test writes its own strings"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::{Expect, expect};
use futures_util::stream::{self, BoxStream, FusedStream, LocalBoxStream, Stream, StreamExt as _};
use llmobs::StreamExt as _;
use llmobs::testing::Collector;
use pollster::block_on;
use serde_json::{Value, json};

/// Runs `program` and compares the tree of its spans.
fn check(program: impl FnOnce(), tree: &Expect) {
    let collector = Collector::new();
    collector.enter(program);
    tree.assert_eq(&collector.tree());
}

/// The first span that `program` makes, as a wire event.
fn first_event(program: impl FnOnce()) -> Value {
    let collector = Collector::new();
    collector.enter(program);
    collector.events().swap_remove(0)
}

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
    fn are_all_followed_to_the_end() {
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
            └─ llm complete  in user:   error streams::clients::Failure: Failure("no prompt")
               └─ task step
            workflow answer  in {"prompt":"a !"}  out [Ok("a "), Err(Failure("cut off"))]
            └─ llm complete  in user: a !  out assistant: a   error streams::clients::Failure: Failure("cut off")
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
    fn tell_the_time_to_the_first_token_in_seconds() {
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
    fn once_when_it_is_dropped_with_what_there_was() {
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

    /// Where the values that a stream owns are dropped.
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
    fn after_what_the_stream_owns_is_dropped() {
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

mod output {
    use super::*;

    fn output(event: &Value) -> Value {
        event["meta"]["output"].clone()
    }

    #[llmobs::llm]
    fn openai() -> impl Stream<Item = Result<Value, String>> {
        let chunk = |delta: Value| {
            Ok(json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta }] }))
        };
        stream::iter([
            chunk(json!({ "role": "assistant", "content": "Let me " })),
            chunk(json!({ "content": "see." })),
            chunk(
                json!({ "tool_calls": [{ "index": 0, "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "" } }] }),
            ),
            chunk(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{\"city\": " } }] })),
            chunk(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "\"Paris\"}" } }] })),
            Ok(
                json!({ "object": "chat.completion.chunk", "choices": [], "usage": { "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12 } }),
            ),
        ])
    }

    #[llmobs::llm]
    fn anthropic() -> BoxStream<'static, Result<Value, String>> {
        stream::iter([
            json!({ "type": "message_start", "message": { "role": "assistant", "content": [], "usage": { "input_tokens": 3, "output_tokens": 1 } } }),
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Hel" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "lo" } }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 4 } }),
            json!({ "type": "message_stop" }),
        ])
        .map(Ok)
        .boxed()
    }

    #[test]
    fn of_chat_chunks_is_the_message_with_its_tool_calls_and_tokens() {
        let event = first_event(|| assert_eq!(collect(openai()).len(), 6));
        let message = json!({
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [{ "name": "weather", "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": "function" }],
        });
        assert_eq!(output(&event), json!({ "messages": [message] }));
        let mut metrics = event["metrics"].clone();
        assert!(metrics["time_to_first_token"].take().as_f64().unwrap() < 60.0);
        let tokens =
            json!({ "input_tokens": 7, "output_tokens": 5, "total_tokens": 12, "time_to_first_token": null });
        assert_eq!(metrics, tokens);

        let event = first_event(|| assert_eq!(collect(anthropic()).len(), 6));
        assert_eq!(output(&event), json!({ "messages": [{ "role": "assistant", "content": "Hello" }] }));
        let counts =
            ["input_tokens", "output_tokens", "total_tokens"].map(|name| event["metrics"][name].clone());
        assert_eq!(counts, [json!(3), json!(4), json!(7)]);
    }

    #[llmobs::tool]
    fn chunks_of_a_tool() -> impl Stream<Item = Value> {
        stream::iter([
            json!({ "choices": [{ "delta": { "content": "done" } }], "usage": { "prompt_tokens": 1 } }),
        ])
    }

    #[test]
    fn of_other_kinds_has_no_tokens_and_no_time_to_first_token() {
        let event = first_event(|| assert_eq!(collect(chunks_of_a_tool()).len(), 1));
        assert_eq!((output(&event), &event["metrics"]), (json!({ "value": "done" }), &json!({})));
    }

    #[llmobs::task(skip_output)]
    fn skipped(last: Arc<Counted>) -> impl Stream<Item = Result<Arc<Counted>, String>> {
        stream::iter([Ok(Arc::clone(&last)), Ok(last), Err("no more".to_owned())])
    }

    #[derive(Default)]
    struct Counted(AtomicUsize);
    impl serde::Serialize for Counted {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_unit()
        }
    }

    #[test]
    fn that_is_skipped_is_not_looked_at_but_errors_are() {
        let counted = Arc::new(Counted::default());
        let event = first_event(|| assert_eq!(collect(skipped(Arc::clone(&counted))).len(), 3));
        // Once, as an argument.
        assert_eq!(counted.0.load(Ordering::Relaxed), 1);
        assert_eq!(
            (event["meta"].get("output"), &event["meta"]["error"]["message"]),
            (None, &json!("no more"))
        );
    }

    #[derive(Default, serde::Serialize)]
    struct Summary {
        words: usize,
        longest: usize,
    }

    fn summarize(summary: &mut Summary, word: &str) {
        summary.words += 1;
        summary.longest = summary.longest.max(word.len());
    }

    #[llmobs::task(fold = summarize)]
    fn folded(text: &str) -> impl Stream<Item = Result<String, String>> {
        stream::iter(
            text.split(' ')
                .map(|word| if word == "!" { Err("cut off".to_owned()) } else { Ok(word.to_owned()) }),
        )
    }

    #[llmobs::task(fold = |sum: &mut u32, number| *sum += number)]
    fn summed(to: u32) -> impl Iterator<Item = u32> {
        0..to
    }

    #[llmobs::task(fold = |_: &mut u32, _| panic!("in a fold"))]
    fn panics_in_fold(to: u32) -> impl Iterator<Item = u32> {
        0..to
    }

    #[test]
    fn can_be_folded_by_the_program() {
        let tree = expect![[r#"
            task folded  in {"text":"a bcd ef"}  out {"words":3,"longest":3}
            task folded  in {"text":"a ! b"}  out {"words":1,"longest":1}  error alloc::string::String: cut off
            task summed  in {"to":4}  out 6
            task panics_in_fold  in {"to":4}
        "#]];
        check(
            || {
                assert_eq!(collect(folded("a bcd ef")).len(), 3);
                assert_eq!(collect(folded("a ! b")).len(), 3);
                assert_eq!(summed(4).count(), 4);
                assert_eq!(panics_in_fold(4).count(), 4);
            },
            &tree,
        );
    }

    #[derive(Debug)]
    struct Shown(u8);

    struct Opaque;

    #[llmobs::llm]
    fn shown_by_debug() -> impl Stream<Item = Shown> {
        stream::iter([Shown(1), Shown(2)]).inspect(|shown| assert!(shown.0 > 0))
    }

    #[llmobs::task]
    fn opaque() -> impl Iterator<Item = Opaque> {
        std::iter::once(Opaque)
    }

    #[test]
    fn of_items_that_are_not_serializable_is_a_list() {
        let tree = expect![[r#"
            llm shown_by_debug  out assistant: ["Shown(1)","Shown(2)"]
            task opaque  out ["<streams::output::Opaque>"]
        "#]];
        check(
            || {
                assert_eq!(collect(shown_by_debug()).len(), 2);
                assert_eq!(opaque().count(), 1);
            },
            &tree,
        );
    }

    #[llmobs::llm]
    fn endless(text: &'static str) -> impl Stream<Item = &'static str> {
        stream::repeat(text)
    }

    #[test]
    fn is_bounded() {
        let collector = Collector::new();
        collector.enter(|| {
            let text = "0123456789abcdef".repeat(1024).leak();
            assert_eq!(collect(endless(text).take(256)).len(), 256);
        });
        let event = collector.events().swap_remove(0);
        let content = event["meta"]["output"]["messages"][0]["content"].as_str().unwrap();
        assert!(content.ends_with("… [1048576 of 4194304 bytes]"), "{} bytes", content.len());
    }

    #[llmobs::llm]
    fn annotated() -> impl Stream<Item = &'static str> {
        stream::iter(["a", "b"])
            .inspect(|_| llmobs::annotate(|span| span.output("said by hand").metric("output_tokens", 2)))
    }

    #[test]
    fn that_is_annotated_wins() {
        let event = first_event(|| assert_eq!(collect(annotated()).len(), 2));
        assert_eq!(output(&event)["messages"][0]["content"], "said by hand");
        assert_eq!(event["metrics"]["output_tokens"], 2);
    }
}

mod by_hand {
    use super::*;

    struct Words(std::vec::IntoIter<&'static str>);
    impl Stream for Words {
        type Item = &'static str;
        fn poll_next(
            mut self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<&'static str>> {
            step();
            std::task::Poll::Ready(self.0.next())
        }
    }

    fn words() -> llmobs::InSpan<Words> {
        let span = llmobs::llm("words").start();
        Words(vec!["a", "b"].into_iter()).in_span(span)
    }

    #[test]
    fn a_stream_takes_a_span_with_it() {
        let tree = expect![[r#"
            llm words
            ├─ task step
            ├─ task step
            └─ task step
            llm words  cancelled
            └─ task step
        "#]];
        check(
            || {
                assert_eq!(collect(words()), ["a", "b"]);
                let mut half = words();
                assert_eq!(block_on(half.next()), Some("a"));
            },
            &tree,
        );
        let event = first_event(|| drop(collect(words())));
        assert!(event["metrics"]["time_to_first_token"].is_number(), "{event}");
    }
}

mod promises {
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
    fn of_the_inner_stream_are_kept() {
        let mut fused = fused();
        assert!(!fused.is_terminated());
        assert_eq!(block_on(fused.next()), Some(1));
        assert_eq!(block_on(fused.next()), None);
        assert!(fused.is_terminated());
        let hint = is_unpin(unpin_because_it_is()).size_hint();
        assert_eq!(hint, (1, Some(1)));
    }

    #[test]
    fn hold_where_nothing_is_recorded() {
        let result = catch_unwind(AssertUnwindSafe(|| collect(unpin_because_it_is())));
        assert_eq!(result.unwrap(), [1]);
    }
}
