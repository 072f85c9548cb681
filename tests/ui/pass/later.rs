//! Functions that return before their work is done, of every shape. No lint has anything to say.

#![deny(
    warnings,
    unused,
    future_incompatible,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility
)]
#![deny(clippy::all, clippy::pedantic)]
#![allow(clippy::wildcard_imports)]
#![deny(
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    explicit_outlives_requirements,
    let_underscore_drop,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use std::fmt::{Debug, Display};
use std::future::{Future, Ready, ready};
use std::num::ParseIntError;
use std::pin::Pin;

use llmobs::testing::Collector;
use llmobs_ui_tests::{BoxStream, Items, Stream, collect, items, output_of};

mod futures {
    use super::*;

    #[llmobs::task]
    pub(super) async fn of_async_fn(text: &str, mut sum: usize) -> Result<usize, ParseIntError> {
        sum += text.parse::<usize>()?;
        ready(()).await;
        Ok(sum)
    }

    #[llmobs::task]
    pub(super) async fn unit(list: &mut Vec<u8>) {
        list.push(ready(1).await);
    }

    #[llmobs::task]
    pub(super) async fn coerced(which: bool) -> Box<dyn Display + Send> {
        if ready(which).await {
            return Box::new(1);
        }
        Box::new("text")
    }

    #[llmobs::task]
    pub(super) fn opaque(a: u8) -> impl Future<Output = u8> {
        async move { ready(a).await + 1 }
    }

    #[llmobs::task]
    pub(super) fn pinned<'a>(a: &'a str, b: &'a str) -> Pin<Box<dyn Future<Output = String> + Send + 'a>> {
        Box::pin(async move { format!("{a}{}", ready(b).await) })
    }

    #[llmobs::task]
    pub(super) fn unpinned(a: u8) -> Box<dyn Future<Output = u8> + Unpin> {
        Box::new(ready(a))
    }

    #[llmobs::task]
    pub(super) fn in_result(a: u8) -> Result<impl Future<Output = u8> + use<>, String> {
        if a == 0 {
            return Err("zero".to_owned());
        }
        Ok(ready(a))
    }

    #[llmobs::task]
    pub(super) fn lasting<T: Debug + 'static>(value: T) -> impl Future<Output = String> + 'static {
        async move { format!("{value:?}") }
    }

    #[llmobs::task]
    pub(super) fn of_opaque(a: u8) -> impl Future<Output = impl Display> {
        async move { ready(a).await.to_string() }
    }

    #[llmobs::task]
    pub(super) fn concrete(a: u8) -> Ready<u8> {
        ready(a)
    }

    #[llmobs::task]
    pub(super) async fn of_future(a: u8) -> impl Future<Output = u8> {
        ready(()).await;
        ready(a)
    }

    type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

    #[llmobs::task(future)]
    pub(super) fn aliased(text: &str) -> Later<'_, usize> {
        Box::pin(async move { ready(text).await.len() })
    }

    #[llmobs::task]
    pub(super) async fn never() -> ! {
        ready(()).await;
        std::panic::resume_unwind(Box::new(1))
    }
}

mod iterators {
    use super::*;

    #[llmobs::task]
    pub(super) fn opaque(text: &str) -> impl Iterator<Item = &str> {
        text.split(' ')
    }

    #[llmobs::task]
    pub(super) fn both_ends(to: usize) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator {
        0..to
    }

    #[llmobs::task]
    pub(super) fn boxed<'a>(a: &'a [u8], b: &'a [u8]) -> Box<dyn Iterator<Item = &'a u8> + 'a> {
        Box::new(a.iter().chain(b))
    }

    #[llmobs::task]
    pub(super) fn in_result(text: &str) -> Result<impl Iterator<Item = u8> + use<>, ParseIntError> {
        Ok(0..text.parse()?)
    }

    #[llmobs::task]
    pub(super) fn promises_too_much(to: u8) -> impl Iterator<Item = u8> + Clone {
        0..to
    }

    type Numbers = Box<dyn Iterator<Item = u8>>;

    #[llmobs::task(iterator)]
    pub(super) fn aliased(to: u8) -> Numbers {
        Box::new(0..to)
    }
}

mod streams {
    use super::*;

    #[llmobs::task]
    pub(super) fn opaque(to: u8) -> impl Stream<Item = Result<u8, String>> {
        items((0..to).map(Ok))
    }

    #[llmobs::task]
    pub(super) fn boxed(list: &[u8]) -> BoxStream<'_, &u8> {
        Box::pin(items(list))
    }

    #[llmobs::task]
    pub(super) async fn later(to: u8) -> Result<BoxStream<'static, u8>, String> {
        ready(()).await;
        Ok(Box::pin(items(0..to)))
    }

    type Tokens<'a> = Pin<Box<dyn Stream<Item = &'a str> + 'a>>;

    #[llmobs::task(stream)]
    pub(super) fn aliased(text: &str) -> Tokens<'_> {
        Box::pin(items(text.split(' ')))
    }
}

/// What to write where `fail/limits.rs` shows that it cannot be written otherwise.
mod instead {
    use super::*;

    #[repr(C, packed)]
    #[derive(Clone, Copy)]
    pub(super) struct Packed {
        pub(super) small: u8,
        pub(super) large: u32,
    }

    impl Debug for Packed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Packed")
        }
    }

    #[llmobs::task]
    pub(super) fn closure_with_named_types(by: u8) -> impl Fn(u8) -> u8 {
        move |a: u8| a + by
    }

    #[llmobs::task]
    pub(super) fn packed_struct_as_a_whole(packed: Packed) -> u32 {
        let Packed { small, large } = packed;
        u32::from(small) + large
    }

    #[llmobs::task(skip(large))]
    pub(super) fn part_of_a_packed_struct(Packed { small, large }: Packed) -> u32 {
        u32::from(small) + large
    }

    #[derive(Debug)]
    pub(super) struct Lasting<'a>(pub(super) &'a str);

    impl serde::Serialize for Lasting<'static> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.0)
        }
    }

    #[llmobs::task(skip(text))]
    pub(super) fn serialize_for_one_lifetime(text: &Lasting<'_>) -> usize {
        text.0.len()
    }

    #[llmobs::task(output = format!("{}: {}", ret.0, ret.1))]
    pub(super) fn output_of_what_is_returned(text: String) -> (String, usize) {
        let length = text.len();
        (text, length)
    }

    /// A type that has to stay what it is: the span ends before the first item.
    #[llmobs::task]
    pub(super) fn concrete_stream(to: u8) -> Items<std::ops::Range<u8>> {
        items(0..to)
    }

    pub(super) fn concrete_stream_in_a_span(to: u8) -> llmobs::wrap::StreamInSpan<Items<std::ops::Range<u8>>> {
        use llmobs::StreamSpanExt as _;
        items(0..to).in_span(llmobs::task("concrete_stream").start())
    }
}

fn run_later() {
    let mut list = Vec::new();
    output_of(futures::unit(&mut list));
    assert_eq!(list, [1]);
    assert_eq!(output_of(futures::of_async_fn("1", 2)), Ok(3));
    assert_eq!(output_of(futures::coerced(true)).to_string(), "1");
    assert_eq!(output_of(futures::opaque(1)), 2);
    assert_eq!(output_of(futures::pinned("a", "b")), "ab");
    assert_eq!(output_of(futures::unpinned(1)), 1);
    assert_eq!(futures::in_result(1).map(output_of), Ok(1));
    assert!(futures::in_result(0).is_err());
    assert_eq!(output_of(futures::lasting("a")), "\"a\"");
    assert_eq!(output_of(futures::of_opaque(1)).to_string(), "1");
    assert_eq!(output_of(futures::concrete(1)), 1);
    assert_eq!(output_of(output_of(futures::of_future(1))), 1);
    assert_eq!(output_of(futures::aliased("abc")), 3);
    assert!(std::panic::catch_unwind(|| output_of(futures::never())).is_err());

    assert_eq!(iterators::opaque("a b").collect::<String>(), "ab");
    assert_eq!(iterators::both_ends(3).rev().len(), 3);
    assert_eq!(iterators::boxed(&[1], &[2]).sum::<u8>(), 3);
    assert_eq!(iterators::in_result("3").map(Iterator::count), Ok(3));
    assert_eq!(iterators::promises_too_much(2).clone().count(), 2);
    assert_eq!(iterators::aliased(2).count(), 2);

    assert_eq!(collect(streams::opaque(2)), [Ok(0), Ok(1)]);
    assert_eq!(collect(streams::boxed(&[1, 2])), [&1, &2]);
    assert_eq!(output_of(streams::later(2)).map(collect), Ok(vec![0, 1]));
    assert_eq!(collect(streams::aliased("a b")), ["a", "b"]);
}

fn run_instead() {
    use instead::*;

    assert_eq!(closure_with_named_types(1)(2), 3);
    let packed = Packed { small: 1, large: 2 };
    assert_eq!(packed_struct_as_a_whole(packed) + part_of_a_packed_struct(packed), 6);
    assert_eq!(serialize_for_one_lifetime(&Lasting("abc")), 3);
    assert_eq!(output_of_what_is_returned("a".to_owned()), ("a".to_owned(), 1));
    assert_eq!(collect(concrete_stream(2)), collect(concrete_stream_in_a_span(2)));
}

fn main() {
    for run in [run_later, run_instead] {
        run();
        Collector::new().enter(run);
    }
}
