//! Functions that no lint has anything to say about, and still has nothing to say about: tokio-rs/tracing#2830, #1613, #3604,
//! #2437; rust-lang/rust#116347, #64636; rust-lang/rust-clippy#13577; hotpath-rs#415; fast/fastrace#137
//!
//! The proof is that this compiles, and that clippy passes. That lints about the user's code still fire is shown in `ui`.

#![deny(warnings, clippy::all, clippy::pedantic)]
#![deny(
    elided_lifetimes_in_paths,
    let_underscore_drop,
    missing_debug_implementations,
    redundant_lifetimes,
    single_use_lifetimes,
    tail_expr_drop_order,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_code,
    unreachable_pub,
    unused,
    unused_braces,
    unused_lifetimes,
    unused_parens,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use std::convert::Infallible;
use std::fmt::Display;

use crate::support::events;

#[derive(Debug, Default)]
struct Store {
    text: String,
    number: u8,
}

impl Store {
    #[llmobs::task]
    fn by_ref(&self) -> &str {
        &self.text
    }

    #[llmobs::task]
    fn by_mut(&mut self, number: u8) -> &mut u8 {
        self.number = number;
        &mut self.number
    }

    #[llmobs::task]
    fn by_value(self) -> String {
        self.text
    }

    #[llmobs::task]
    fn unit(&mut self) {
        self.number += 1;
    }

    #[llmobs::task]
    async fn unit_async(&mut self) {
        std::future::ready(()).await;
        self.number += 1;
    }
}

#[llmobs::task]
fn nothing() {}

#[rustfmt::skip]
#[llmobs::task]
fn one_line(number: u8) -> u8 { number }

#[rustfmt::skip]
#[llmobs::task]
fn one_call(text: &str) -> String { text.to_owned() }

#[llmobs::task]
fn one_block(number: u8) -> u8 {
    if number > 1 { number } else { 1 }
}

#[rustfmt::skip]
#[llmobs::task]
fn never_returns() -> ! { panic!("as asked") }

#[llmobs::task]
async fn never_returns_async() -> ! {
    std::future::ready(()).await;
    panic!("as asked")
}

#[llmobs::task]
fn never_called(never: Infallible) -> u8 {
    match never {}
}

#[llmobs::task]
fn patterns((a, _b): (u8, u8), [c, ..]: [u8; 3], _unused: u8, _: u8, mut d: u8) -> u8 {
    d += 1;
    a + c + d
}

#[llmobs::task]
fn boxed(number: u8) -> Box<dyn Display> {
    if number > 1 {
        return Box::new(number);
    }
    Box::new("text")
}

#[llmobs::task]
fn question_mark(text: &str) -> Result<u8, std::num::ParseIntError> {
    let number: u8 = text.parse()?;
    Ok(number + 1)
}

#[llmobs::task]
fn only_checks(number: u8) -> Result<(), String> {
    if number > 1 { Err("too much".to_owned()) } else { Ok(()) }
}

#[llmobs::task]
fn iterator(numbers: &[u8]) -> impl Iterator<Item = &u8> {
    numbers.iter()
}

#[llmobs::task]
fn future(number: u8) -> impl Future<Output = u8> {
    let next = number + 1;
    async move {
        std::future::ready(()).await;
        next
    }
}

#[llmobs::task]
fn lifetimes<'a>(a: &'a str, b: &str) -> &'a str {
    if a == b { "" } else { a }
}

#[llmobs::task]
fn generic<T: Display, const N: usize>(items: &[T; N], mut count: impl FnMut() -> u8) -> String {
    format!("{}{}", items.iter().map(ToString::to_string).collect::<String>(), count())
}

#[llmobs::workflow(name = format!("x {text}"), session_id = text, tags(a = text, b = ret), metadata(c = 1), metrics(n = ret.len()))]
fn options(text: &str) -> String {
    text.to_owned()
}

#[llmobs::llm(model_name = model, output = ret.len(), skip(model))]
async fn options_async(model: &str, text: &str) -> String {
    std::future::ready(()).await;
    format!("{model}{text}")
}

#[llmobs::task]
#[track_caller]
fn tracked(number: u8, (other, text): (u8, String)) -> u8 {
    drop(text);
    number + other
}

#[llmobs::task]
fn items(number: u8) -> u8 {
    const ONE: u8 = 1;
    fn inner(number: u8) -> u8 {
        number + ONE
    }
    inner(number)
}

#[test]
fn fire_where_they_would_without_the_attribute_and_nowhere_else() {
    let events = events(|| {
        let mut store = Store::default();
        store.unit();
        pollster::block_on(store.unit_async());
        *store.by_mut(3) += 1;
        assert_eq!((store.by_ref(), store.number), ("", 4));
        assert_eq!(store.by_value(), "");
        nothing();
        assert_eq!(one_line(1) + one_block(2) + items(3), 7);
        assert_eq!(one_call("a") + options("b").as_str() + lifetimes("c", "d"), "abc");
        assert_eq!(patterns((1, 2), [3, 4, 5], 6, 7, 8), 13);
        assert_eq!(boxed(1).to_string() + &generic(&["a"], || 1), "texta1");
        assert_eq!((question_mark("1"), only_checks(1)), (Ok(2), Ok(())));
        assert_eq!(iterator(&[1]).count(), 1);
        assert_eq!(pollster::block_on(future(1)), 2);
        assert_eq!(pollster::block_on(options_async("a", "b")), "ab");
        assert_eq!(tracked(1, (2, String::new())), 3);
        let _: fn(Infallible) -> u8 = never_called;
        let Err(payload) = std::panic::catch_unwind(|| never_returns());
        assert_eq!(payload.downcast_ref(), Some(&"as asked"));
        drop(never_returns_async());
    });
    assert_eq!(events.len(), 22);
}
