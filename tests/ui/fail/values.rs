//! Mistakes in the value of an option are reported at the value.

use std::future::Future;
use std::pin::Pin;

use llmobs_ui_tests::{BoxStream, Items, Stream, items};

struct Neither;

mod texts {
    use super::Neither;

    #[llmobs::task(name = Neither)]
    fn not_text() {}

    #[llmobs::task(session_id = Some(Neither))]
    fn no_optional_text() {}

    #[llmobs::task(tags(tier = Neither))]
    fn no_tag() {}

    #[llmobs::task(ml_app = unknown)]
    fn unknown_name() {}

    #[llmobs::task(name = text.lenn())]
    fn unknown_method(text: &str) {
        let _ = text;
    }

    #[llmobs::task(name = ret)]
    fn not_returned_yet() -> u8 {
        1
    }

    #[llmobs::task(name = text.await)]
    async fn awaited(text: std::future::Ready<u8>) {
        text.await;
    }

    #[llmobs::task(name = { drop(text); "a" })]
    fn moved_away(text: String) -> String {
        text
    }
}

mod inputs_and_outputs {
    use super::{Future, Neither};

    #[llmobs::task(input = unknown)]
    fn unknown_name() {}

    #[llmobs::task(input = text.lenn())]
    fn unknown_method(text: &str) {
        let _ = text;
    }

    #[llmobs::task(output = ret.field)]
    fn unknown_field() -> Neither {
        Neither
    }

    #[llmobs::task(output = ret.unwrap())]
    fn result_is_taken_apart_already() -> Result<u8, String> {
        Ok(1)
    }

    #[llmobs::task(output = ret + 1)]
    fn wrong_operand() -> Neither {
        Neither
    }

    #[llmobs::task(tags(tier = ret.tier))]
    async fn unknown_field_async() -> Neither {
        Neither
    }

    #[llmobs::task(metrics(tokens = ret.tokens))]
    fn unknown_field_of_future() -> impl Future<Output = u8> {
        std::future::ready(1)
    }
}

mod numbers {
    use super::Neither;

    #[llmobs::task(metrics(a = "1", b = 1.5, c = Neither))]
    fn no_numbers() {}

    #[llmobs::task(metrics(tokens = ret.len().to_string()))]
    fn no_number_returned() -> Vec<u8> {
        Vec::new()
    }

    #[llmobs::task(metrics(tokens = 'a'))]
    fn no_character() -> u8 {
        1
    }
}

mod parents {
    #[llmobs::task(parent = 1)]
    fn no_parent() {}

    #[llmobs::task(parent = Some("id"))]
    fn no_optional_parent() {}

    #[llmobs::task(parent = &&context)]
    fn unknown_name() {}
}

mod paths {
    #[llmobs::task(crate = nowhere::llmobs)]
    fn no_such_path() {}

    #[llmobs::task(crate = std)]
    fn another_crate(a: u8) -> u8 {
        a
    }
}

type Later = std::future::Ready<u8>;
type Counted = std::ops::Range<u8>;
type Boxed = Box<dyn Iterator<Item = u8>>;
type Pinned = Pin<Box<dyn Future<Output = u8>>>;
type Streamed = BoxStream<'static, u8>;

mod hidden {
    use super::*;

    #[llmobs::task(stream)]
    fn no_stream() -> u8 {
        1
    }

    #[llmobs::task(stream)]
    fn stream_that_is_an_iterator() -> Boxed {
        Box::new(0..1)
    }

    #[llmobs::task(stream)]
    fn stream_that_is_not_boxed() -> Items<Counted> {
        items(0..1)
    }

    #[llmobs::task(future)]
    fn no_future() -> String {
        String::new()
    }

    #[llmobs::task(future)]
    fn future_that_is_not_boxed() -> Later {
        std::future::ready(1)
    }

    #[llmobs::task(future)]
    fn future_that_is_a_stream() -> Streamed {
        Box::pin(items(0..1))
    }

    #[llmobs::task(iterator)]
    fn no_iterator() -> u8 {
        1
    }

    #[llmobs::task(iterator)]
    fn iterator_that_is_not_boxed() -> Counted {
        0..1
    }

    #[llmobs::task(iterator)]
    fn iterator_that_is_a_future() -> Pinned {
        Box::pin(std::future::ready(1))
    }

    #[llmobs::task(future)]
    async fn future_of_an_async_function() -> u8 {
        1
    }
}

mod folds {
    use super::*;

    #[llmobs::task(fold = |last: &mut String, item: &String| last.clone_from(item))]
    fn wrong_item() -> impl Iterator<Item = u8> {
        0..1
    }

    #[llmobs::task(fold = |sum: &mut Neither, item: &u8| { let _ = (sum, item); })]
    fn state_without_a_default() -> impl Iterator<Item = u8> {
        0..1
    }

    #[llmobs::task(fold = |item: &u8| { let _ = item; })]
    fn one_argument() -> impl Stream<Item = u8> {
        items(0..1)
    }

    #[llmobs::task(fold = 1)]
    fn no_function() -> impl Stream<Item = u8> {
        items(0..1)
    }

    #[llmobs::task(fold = unknown)]
    fn unknown_name() -> BoxStream<'static, u8> {
        Box::pin(items(0..1))
    }

    #[llmobs::task(fold = |sum: &mut u8, item: &u8| { *sum += item + step; })]
    fn captures(step: u8) -> impl Iterator<Item = u8> {
        0..step
    }

    #[llmobs::task(fold = |sum, item| *sum += item)]
    fn unknown_state() -> impl Iterator<Item = u8> {
        0..1
    }

    #[llmobs::task(fold = |_sum: &mut u8, _item: &u8| -> u8 { 1 })]
    fn something_is_returned() -> impl Iterator<Item = u8> {
        0..1
    }
}

fn main() {}
