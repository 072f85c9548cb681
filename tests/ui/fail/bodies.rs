//! Mistakes in a body are reported at the same tokens as without the attribute.

use std::future::{Future, ready};
use std::pin::Pin;

use llmobs_ui_tests::{BoxStream, Stream, items};

mod types {
    #[llmobs::task]
    fn sync(a: u8) -> String {
        a + 1
    }

    #[llmobs::task]
    fn early_return(a: u8) -> String {
        if a == 0 {
            return a;
        }
        String::new()
    }

    #[llmobs::task]
    fn question_mark(text: &str) -> Option<u8> {
        Some(text.parse::<u8>()?)
    }

    #[llmobs::task]
    fn question_mark_in_unit(text: &str) {
        text.parse::<u8>()?;
    }

    #[llmobs::task]
    fn unit(a: u8) {
        a
    }

    #[llmobs::task]
    fn no_tail() -> u8 {
        let _ = 1;
    }

    #[llmobs::task]
    fn semicolon(a: u8) -> u8 {
        a + 1;
    }

    #[llmobs::task]
    fn empty() -> u8 {}

    #[llmobs::task]
    fn if_without_else(a: u8) -> u8 {
        if a == 1 {
            a
        }
    }

    #[llmobs::task]
    fn never(a: bool) -> ! {
        if a {
            panic!();
        }
    }

    #[llmobs::task]
    fn unknown_name() -> u8 {
        unknwon
    }

    #[llmobs::task]
    fn unknown_method(text: &str) -> usize {
        text.lenn()
    }

    #[llmobs::task]
    fn missing_bound<T>(a: T) -> String {
        a.to_string()
    }

    #[llmobs::task]
    fn no_inference(text: &str) -> usize {
        text.chars().collect().len()
    }

    #[llmobs::task]
    fn opaque(a: bool) -> impl std::fmt::Display {
        if a {
            return 1;
        }
        "text"
    }

    #[llmobs::task]
    fn not_what_was_promised(a: u8) -> impl Iterator<Item = u8> {
        a
    }

    #[llmobs::task]
    fn coerced(a: u8) -> Box<dyn std::fmt::Display> {
        Box::new(Some(a))
    }
}

mod futures {
    use super::*;

    #[llmobs::task]
    async fn async_fn(a: u8) -> Result<String, std::fmt::Error> {
        Ok(a)
    }

    #[llmobs::task]
    async fn async_no_tail() -> u8 {
        ready(1).await;
    }

    #[llmobs::task]
    async fn async_not_awaited() -> u8 {
        ready(1)
    }

    #[llmobs::task]
    async fn async_question_mark(text: &str) -> u8 {
        text.parse::<u8>()?
    }

    #[llmobs::task]
    fn opaque(a: u8) -> impl Future<Output = String> {
        async move { a }
    }

    #[llmobs::task]
    fn opaque_no_future(a: u8) -> impl Future<Output = String> {
        a
    }

    #[llmobs::task]
    fn pinned(a: u8) -> Pin<Box<dyn Future<Output = String>>> {
        Box::pin(async move { a })
    }

    #[llmobs::task]
    fn pinned_and_send(a: std::rc::Rc<u8>) -> Pin<Box<dyn Future<Output = u8> + Send>> {
        Box::pin(async move { *a })
    }

    #[llmobs::task]
    fn in_result(a: u8) -> Result<impl Future<Output = u8>, String> {
        if a == 0 {
            return Err(a);
        }
        Ok(ready(a))
    }

    #[llmobs::task]
    fn await_in_sync() -> u8 {
        ready(1).await
    }
}

mod iterators {
    #[llmobs::task]
    fn opaque(to: u8) -> impl Iterator<Item = String> {
        0..to
    }

    #[llmobs::task]
    fn boxed(to: u8) -> Box<dyn Iterator<Item = String>> {
        Box::new(0..to)
    }

    #[llmobs::task]
    fn not_boxed(to: u8) -> Box<dyn Iterator<Item = u8>> {
        0..to
    }

    #[llmobs::task]
    fn in_result(to: u8) -> Result<impl Iterator<Item = u8>, String> {
        if to == 0 {
            return Err(0);
        }
        Ok(0..to)
    }
}

mod streams {
    use super::*;

    #[llmobs::task]
    fn opaque(to: u8) -> impl Stream<Item = String> {
        items(0..to)
    }

    #[llmobs::task]
    fn boxed(to: u8) -> BoxStream<'static, String> {
        Box::pin(items(0..to))
    }

    #[llmobs::task]
    fn no_stream(to: u8) -> impl Stream<Item = u8> {
        0..to
    }
}

fn main() {}
