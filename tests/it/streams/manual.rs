//! Streams without an attribute.

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

fn words() -> llmobs::wrap::StreamInSpan<Words> {
    let span = llmobs::llm("words").start();
    Words(vec!["a", "b"].into_iter()).in_span(span)
}

#[test]
fn a_stream_can_own_a_span() {
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
