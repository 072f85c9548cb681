//! The output of a stream, from its items.

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
    let counts = ["input_tokens", "output_tokens", "total_tokens"].map(|name| event["metrics"][name].clone());
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
fn that_is_skipped_is_not_read_except_for_errors() {
    let counted = Arc::new(Counted::default());
    let event = first_event(|| assert_eq!(collect(skipped(Arc::clone(&counted))).len(), 3));
    // Captured once, as an argument.
    assert_eq!(counted.0.load(Ordering::Relaxed), 1);
    assert_eq!((event["meta"].get("output"), &event["meta"]["error"]["message"]), (None, &json!("no more")));
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
        text.split(' ').map(|word| if word == "!" { Err("cut off".to_owned()) } else { Ok(word.to_owned()) }),
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
        task opaque  out ["<it::streams::output::Opaque>"]
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
    assert_eq!(content.find('…'), Some(1_048_576));
    assert!(content.contains("… [3014656 bytes left out] …"), "{} bytes", content.len());
}

#[llmobs::llm]
fn annotated() -> impl Stream<Item = &'static str> {
    stream::iter(["a", "b"]).inspect(|_| {
        llmobs::annotate(|note| {
            note.output("said by hand").metric("output_tokens", 2);
        });
    })
}

#[test]
fn that_is_annotated_wins() {
    let event = first_event(|| assert_eq!(collect(annotated()).len(), 2));
    assert_eq!(output(&event)["messages"][0]["content"], "said by hand");
    assert_eq!(event["metrics"]["output_tokens"], 2);
}
