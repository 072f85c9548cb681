//! Functions of every shape, instrumented. No lint has anything to say: tokio-rs/tracing#2830, #1613, #3604, #2437;
//! rust-lang/rust#116347, #64636; rust-lang/rust-clippy#13577; hotpath-rs#415; fast/fastrace#137

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

use std::borrow::Cow;
use std::cell::{Ref, RefCell};
use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::future::ready;
use std::num::ParseIntError;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use llmobs::testing::Collector;
use llmobs_ui_tests::output_of;

mod values {
    use super::*;

    #[llmobs::task]
    pub(super) fn unit() {}

    #[llmobs::task]
    pub(super) fn unit_of_arguments(mut list: Vec<u8>, other: &mut Vec<u8>) {
        list.push(1);
        other.append(&mut list);
    }

    #[llmobs::task]
    pub(super) fn early(text: &str) -> Result<u8, ParseIntError> {
        if text.is_empty() {
            return Ok(0);
        }
        let number = text.parse::<u8>()?;
        Ok(number)
    }

    #[llmobs::task]
    pub(super) fn optional(list: &[u8]) -> Option<&u8> {
        let first = list.first()?;
        (*first > 1).then_some(first)
    }

    #[llmobs::task]
    pub(super) fn patterns(
        (a, mut b): (u8, u8),
        [c, ..]: [u8; 3],
        Point { x, y: _y }: Point,
        _: u8,
        _unused: u8,
    ) -> u8 {
        b += a;
        b + c + x
    }

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Point {
        pub(super) x: u8,
        pub(super) y: u8,
    }

    #[llmobs::task]
    pub(super) fn generic<'a, T, const N: usize>(
        items: &'a [T; N],
        found: impl Fn(&T) -> bool,
    ) -> Option<&'a T>
    where
        T: Debug,
    {
        items.iter().find(|item| found(item))
    }

    #[llmobs::task]
    pub(super) fn two_lifetimes<'a, 'b: 'a>(a: &'a str, b: &'b str) -> (Cow<'a, str>, &'b str) {
        let text = if a.is_empty() { Cow::Borrowed(b) } else { Cow::Owned(format!("{a}{b}")) };
        (text, b)
    }

    #[llmobs::task]
    pub(super) fn hidden_lifetime(cell: &RefCell<Vec<u8>>) -> Ref<'_, [u8]> {
        Ref::map(cell.borrow(), Vec::as_slice)
    }

    #[llmobs::task]
    pub(super) fn boxed_error(text: &str) -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
        if text == "!" {
            return Err("no number".into());
        }
        Ok(text.parse()?)
    }

    #[llmobs::task]
    pub(super) fn coerced(which: bool) -> Box<dyn Display> {
        if which {
            return Box::new(1);
        }
        Box::new("text")
    }

    #[llmobs::task]
    pub(super) fn function(which: bool) -> fn(&str) -> &str {
        if which { str::trim } else { |text| text }
    }

    #[llmobs::task]
    pub(super) fn borrowing_function(prefix: &str) -> Box<dyn Fn(&str) -> String + '_> {
        Box::new(move |text| format!("{prefix}{text}"))
    }

    #[llmobs::task]
    pub(super) fn opaque(a: u8) -> impl Display + Clone {
        a.to_string()
    }

    #[llmobs::task]
    pub(super) fn partly_opaque(text: &str) -> Result<(impl Display + use<'_>, usize), impl Debug + use<>> {
        let number: u8 = text.parse()?;
        Ok::<_, ParseIntError>((text, usize::from(number)))
    }

    #[llmobs::task]
    pub(super) fn sized<const N: usize>(from: u8) -> [u8; N] {
        [from; N]
    }

    #[llmobs::task]
    pub(super) fn associated<I: IntoIterator>(items: I) -> Vec<<I as IntoIterator>::Item>
    where
        I::Item: Ord,
    {
        let mut items: Vec<_> = items.into_iter().collect();
        items.sort();
        items
    }

    #[llmobs::task]
    pub(super) fn never(text: &str) -> ! {
        std::panic::resume_unwind(Box::new(text.to_owned()))
    }

    #[llmobs::task]
    pub(super) fn local_assigned_to_an_argument(mut text: &str) -> usize {
        let trimmed = text.trim().to_owned();
        text = &trimmed;
        text.len()
    }

    #[llmobs::task]
    #[track_caller]
    pub(super) fn tracked(a: u8) -> u32 {
        u32::from(a) + std::panic::Location::caller().line()
    }

    #[llmobs::task]
    pub(super) fn recursive(depth: u8) -> u8 {
        if depth == 0 { 0 } else { recursive(depth - 1) + 1 }
    }

    #[llmobs::task]
    pub(super) fn conditional(
        #[cfg(not(test))] a: u8,
        #[cfg(test)] b: NoSuchType,
        #[allow(unused_variables)] c: u8,
    ) -> u8 {
        a
    }

    #[rustfmt::skip]
    #[llmobs::task]
    pub(super) fn one_line(number: u8) -> u8 { number }

    #[rustfmt::skip]
    #[llmobs::task]
    pub(super) fn one_call(text: &str) -> String { text.to_owned() }

    #[rustfmt::skip]
    #[llmobs::task]
    pub(super) fn never_in_one_line() -> ! { std::panic::resume_unwind(Box::new(1)) }

    #[llmobs::task]
    pub(super) fn never_called(never: Infallible) -> u8 {
        match never {}
    }

    #[llmobs::task]
    pub(super) fn only_checks(number: u8) -> Result<(), String> {
        if number > 1 { Err("too much".to_owned()) } else { Ok(()) }
    }

    #[llmobs::task]
    pub(super) fn one_of_two_lifetimes<'a>(a: &'a str, b: &str) -> &'a str {
        if a == b { "" } else { a }
    }

    #[llmobs::task]
    pub(super) fn called(mut count: impl FnMut() -> u8) -> u8 {
        count() + count()
    }

    #[llmobs::task]
    #[track_caller]
    pub(super) fn tracked_patterns(number: u8, (other, text): (u8, String)) -> u8 {
        drop(text);
        number + other
    }

    #[llmobs::task]
    pub(super) fn items(number: u8) -> u8 {
        const ONE: u8 = 1;
        fn inner(number: u8) -> u8 {
            number + ONE
        }
        inner(number)
    }

    #[llmobs::task]
    pub(super) fn let_chains_and_else(a: Option<u8>, b: Option<u8>) -> u8 {
        let Some(a) = a else { return 0 };
        if let Some(b) = b
            && b > a
        {
            return b;
        }
        a
    }
}

mod methods {
    use super::*;

    #[derive(Clone, Debug, Default)]
    pub(super) struct Store {
        pub(super) rows: Vec<String>,
    }

    impl Store {
        #[llmobs::task]
        pub(super) fn by_reference(&self, index: usize) -> Option<&str> {
            self.rows.get(index).map(String::as_str)
        }

        #[llmobs::task]
        pub(super) fn by_mutable_reference(&mut self, row: &str) -> &mut String {
            self.rows.push(row.to_owned());
            self.rows.last_mut().expect("one was pushed")
        }

        #[llmobs::task]
        pub(super) fn by_value(mut self) -> Vec<String> {
            self.rows.reverse();
            self.rows
        }

        #[llmobs::task]
        pub(super) fn by_counted_reference(self: Rc<Self>) -> usize {
            self.rows.len()
        }

        #[llmobs::task]
        pub(super) fn by_pinned_reference(self: Pin<&mut Self>, row: String) -> usize {
            let rows = &mut self.get_mut().rows;
            rows.push(row);
            rows.len()
        }

        #[llmobs::task]
        pub(super) async fn later(self: Arc<Self>) -> usize {
            ready(self.rows.len()).await
        }
    }

    pub(super) trait Greets {
        #[llmobs::task]
        fn greet(&self, name: &str) -> String
        where
            Self: Sized,
        {
            format!("{} {name}", self.greeting())
        }

        fn greeting(&self) -> Cow<'static, str>;
    }

    impl Greets for Store {
        #[llmobs::task]
        fn greeting(&self) -> Cow<'static, str> {
            "hello".into()
        }
    }
}

fn run_values() {
    use values::*;

    unit();
    let mut list = Vec::new();
    unit_of_arguments(vec![2], &mut list);
    assert_eq!(list, [2, 1]);
    assert_eq!((early("7"), early(""), early("x").is_err()), (Ok(7), Ok(0), true));
    assert_eq!((optional(&[2]), optional(&[1]), optional(&[])), (Some(&2), None, None));
    assert_eq!(patterns((1, 2), [3, 4, 5], Point { x: 6, y: 7 }, 8, 9), 12);
    assert_eq!(generic(&["x", "yy"], |item| item.len() == 2), Some(&"yy"));
    assert_eq!(two_lifetimes("a", "b"), ("ab".into(), "b"));
    assert_eq!(*hidden_lifetime(&RefCell::new(vec![1])), [1]);
    assert_eq!((boxed_error("7").ok(), boxed_error("!").is_err()), (Some(7), true));
    assert_eq!(coerced(true).to_string() + &coerced(false).to_string(), "1text");
    assert_eq!((function(true)(" a "), function(false)(" a ")), ("a", " a "));
    assert_eq!(borrowing_function("a")("b"), "ab");
    assert_eq!(opaque(1).clone().to_string(), "1");
    assert_eq!(
        partly_opaque("7").map(|(text, number)| format!("{text}{number}")).ok().as_deref(),
        Some("77")
    );
    assert_eq!(sized::<2>(1), [1, 1]);
    assert_eq!(associated([3, 1, 2]), [1, 2, 3]);
    assert!(std::panic::catch_unwind(|| never("stop")).is_err());
    assert_eq!(local_assigned_to_an_argument(" a "), 1);
    assert_eq!(tracked(1), line!() + 1);
    assert_eq!(recursive(3), 3);
    assert_eq!(conditional(1, 2), 1);
    assert_eq!(one_line(1) + items(2) + called(|| 1), 6);
    assert_eq!(one_call("a") + one_of_two_lifetimes("b", "c"), "ab");
    assert!(std::panic::catch_unwind(|| never_in_one_line()).is_err());
    let _: fn(Infallible) -> u8 = never_called;
    assert_eq!((only_checks(1), only_checks(2).is_err()), (Ok(()), true));
    assert_eq!(tracked_patterns(1, (2, String::new())), 3);
    assert_eq!((let_chains_and_else(Some(1), Some(2)), let_chains_and_else(None, None)), (2, 0));
}

fn run_methods() {
    use methods::{Greets as _, Store};

    let mut store = Store::default();
    store.by_mutable_reference("a").push('b');
    assert_eq!((store.by_reference(0), store.by_reference(1)), (Some("ab"), None));
    assert_eq!(Pin::new(&mut store).by_pinned_reference("c".to_owned()), 2);
    assert_eq!(Rc::new(store.clone()).by_counted_reference(), 2);
    assert_eq!(output_of(Arc::new(store.clone()).later()), 2);
    assert_eq!(store.greet("you"), "hello you");
    assert_eq!(store.by_value(), ["c", "ab"]);
}

fn main() {
    for run in [run_values, run_methods] {
        run();
        Collector::new().enter(run);
    }
}
