//! So are mistakes that the borrow checker finds.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use llmobs_ui_tests::{BoxStream, Stream, items};

mod sync {
    #[llmobs::task]
    fn moved_twice(text: String) -> (String, String) {
        (text, text)
    }

    #[llmobs::task]
    fn moved_out_of_borrow(text: &Option<String>) -> String {
        text.unwrap()
    }

    #[llmobs::task]
    fn returned_local() -> &'static str {
        let text = String::new();
        &text
    }

    #[llmobs::task]
    fn returned_argument(text: String) -> &'static str {
        &text
    }

    #[llmobs::task]
    fn not_mutable(list: Vec<u8>) -> usize {
        list.push(1);
        list.len()
    }

    #[llmobs::task]
    fn not_mutable_borrow(list: &Vec<u8>) {
        list.push(1);
    }

    #[llmobs::task]
    fn two_mutable_borrows(mut list: Vec<u8>) -> usize {
        let first = &mut list;
        let second = &mut list;
        first.len() + second.len()
    }

    #[llmobs::task]
    fn lives_too_short() -> usize {
        let outer;
        {
            let inner = String::new();
            outer = &inner;
        }
        outer.len()
    }

    #[llmobs::task]
    fn lives_too_short_for_an_argument<'a>(list: &mut Vec<&'a str>) {
        let inner = String::new();
        list.push(&inner);
    }

    #[llmobs::task]
    fn wrong_lifetime<'a, 'b>(a: &'a str, b: &'b str) -> &'a str {
        if a.is_empty() { b } else { a }
    }

    #[llmobs::task]
    fn assigned_while_borrowed(mut a: u8) -> u8 {
        let borrowed = &a;
        a = 2;
        *borrowed + a
    }

    #[llmobs::task]
    fn not_initialized(a: bool) -> u8 {
        let b: u8;
        if a {
            b = 1;
        }
        b
    }

    pub struct Store(Vec<String>);

    impl Store {
        #[llmobs::task]
        fn moved_out_of_self(&self) -> Vec<String> {
            self.0
        }

        #[llmobs::task]
        fn self_is_not_mutable(&self) {
            self.0.clear();
        }

        #[llmobs::task]
        fn self_moved_twice(self) -> (Self, Self) {
            (self, self)
        }
    }

    #[llmobs::task]
    fn part_moved_twice((a, _b): (String, String)) -> (String, String) {
        (a, a)
    }

    #[llmobs::task]
    fn thread(a: &str) {
        std::thread::spawn(move || a.len());
    }
}

mod lazy {
    use super::*;

    #[llmobs::task]
    async fn moved_twice(text: String) -> (String, String) {
        (text, text)
    }

    #[llmobs::task]
    async fn returned_local() -> &'static str {
        let text = String::new();
        &text
    }

    #[llmobs::task]
    fn borrows_a_local() -> impl Future<Output = usize> {
        let text = String::new();
        async { text.len() }
    }

    #[llmobs::task]
    fn iterates_a_local() -> impl Iterator<Item = u8> {
        let list = vec![1];
        list.iter().copied()
    }

    #[llmobs::task]
    fn iterates_an_argument(list: Vec<u8>, add: u8) -> impl Iterator<Item = u8> {
        list.into_iter().map(|one| one + add)
    }

    #[llmobs::task]
    fn streams_a_local() -> impl Stream<Item = u8> {
        let list = vec![1];
        items(list.iter().copied())
    }

    #[llmobs::task]
    fn outlives<'a>(a: &'a str) -> Box<dyn Iterator<Item = char>> {
        Box::new(a.chars())
    }

    #[llmobs::task]
    fn boxed_stream<'a>(a: &'a [u8]) -> BoxStream<'static, u8> {
        Box::pin(items(a.iter().copied()))
    }

    #[llmobs::task]
    fn captures_too_much<'a>(a: &'a str) -> impl Iterator<Item = char> + use<> {
        a.chars()
    }
}

mod lifetimes {
    use super::*;

    #[llmobs::task]
    fn explicit<'a>(a: &'a str, b: &str) -> &'a str {
        if a.is_empty() { b } else { a }
    }

    #[llmobs::task]
    fn of_two<'a, 'b>(a: &'a str, b: &'b str) -> Cow<'a, str> {
        if a.is_empty() { b.into() } else { a.into() }
    }

    #[llmobs::task]
    fn lasting(a: &str) -> &'static str {
        a
    }

    #[llmobs::task]
    async fn explicit_async<'a>(a: &'a str, b: &str) -> &'a str {
        if a.is_empty() { b } else { a }
    }

    #[llmobs::task]
    async fn lasting_async(a: &str) -> &'static str {
        a
    }

    #[llmobs::task]
    fn item<'a>(a: &'a str, b: &'static str) -> impl Iterator<Item = &'static str> {
        [a, b].into_iter()
    }

    #[llmobs::task]
    fn boxed<'a>(a: &'a str, b: &str) -> Box<dyn Iterator<Item = char> + 'a> {
        Box::new(a.chars().chain(b.chars()))
    }

    #[llmobs::task]
    fn pinned<'a>(a: &'a str, b: &str) -> Pin<Box<dyn Future<Output = usize> + 'a>> {
        Box::pin(async move { a.len() + b.len() })
    }

    struct Store(String);

    impl Store {
        #[llmobs::task]
        fn elided(&self, a: &str) -> Option<&str> {
            if a.is_empty() { Some(&self.0) } else { Some(a) }
        }

        #[llmobs::task]
        async fn elided_async(&self, a: &str) -> Option<&str> {
            if a.is_empty() { Some(&self.0) } else { Some(a) }
        }
    }
}

fn main() {}
