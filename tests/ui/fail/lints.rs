//! Lints about the user's own code still fire, on the user's own tokens.

#![deny(warnings, dead_code, single_use_lifetimes)]

use std::future::{Future, ready};

use llmobs_ui_tests::{BoxStream, Stream, items};

mod values {
    #[llmobs::workflow]
    pub fn unused_argument(used: u8, unused: u8) -> u8 {
        used
    }

    #[llmobs::workflow]
    pub fn unused_local(used: u8) -> u8 {
        let unused = 1;
        used
    }

    #[llmobs::workflow]
    pub fn unused_mut(mut a: u8) -> u8 {
        let mut b = a;
        b
    }

    #[llmobs::workflow]
    pub fn assigned_for_nothing(mut a: u8) -> u8 {
        a = 1;
        a = 2;
        a
    }

    #[llmobs::workflow]
    pub fn unreachable(a: u8) -> u8 {
        return a;
        a + 1
    }

    #[llmobs::workflow]
    pub fn unreachable_pattern(a: u8) -> u8 {
        match a {
            _ => 1,
            2 => 2,
        }
    }

    #[llmobs::workflow]
    pub fn unused_result(text: &str) {
        text.parse::<u8>();
    }

    #[llmobs::workflow]
    pub fn needless_parens_and_braces(a: u8) -> u8 {
        let b = (a + 1);
        let c = { b };
        (b + c)
    }

    #[llmobs::workflow]
    pub fn NotSnakeCase(Argument: u8) -> u8 {
        Argument
    }

    #[llmobs::workflow]
    pub fn lifetime_used_once<'a>(text: &'a str) -> usize {
        text.len()
    }

    #[llmobs::workflow]
    #[expect(unused_variables)]
    pub fn expected_for_nothing(a: u8) -> u8 {
        a
    }

    #[llmobs::workflow]
    pub fn on_an_argument(#[expect(unused_mut)] mut a: u8, #[expect(unused_variables)] b: u8) {
        a += 1;
    }
}

mod later {
    use super::*;

    #[llmobs::workflow]
    pub async fn unused_in_pattern((a, b): (u8, u8), mut c: u8) -> u8 {
        let d = ready(c).await;
        a
    }

    #[llmobs::workflow]
    pub async fn unreachable_async() -> u8 {
        return 1;
        ready(2).await
    }

    #[llmobs::workflow]
    pub async fn unused_future() {
        unused_in_pattern((1, 2), 3);
        let _ = ready(1).await;
    }

    #[llmobs::workflow]
    pub fn unused_in_future(a: u8, mut b: u8) -> impl Future<Output = u8> {
        let c = 1;
        async move {
            let d = b;
            1
        }
    }

    #[llmobs::workflow]
    pub fn unused_in_iterator(to: u8, mut unused: u8) -> impl Iterator<Item = u8> {
        (0..to).map(|one| 1)
    }

    #[llmobs::workflow]
    pub fn unreachable_iterator() -> Box<dyn Iterator<Item = u8>> {
        return Box::new(0..1);
        Box::new(1..2)
    }

    #[llmobs::workflow]
    pub fn unused_in_stream(to: u8, mut unused: u8) -> impl Stream<Item = u8> {
        let mut local = 1;
        items(0..to)
    }

    #[llmobs::workflow]
    pub fn unreachable_stream() -> BoxStream<'static, u8> {
        panic!("stop");
        Box::pin(items(0..1))
    }
}

/// Functions that nothing uses: tokio-rs/tracing#1366, #3108; fast/fastrace#156; andrewhickman/fn-error-context#3
mod dead {
    use super::*;

    #[llmobs::workflow]
    fn function() {}

    #[llmobs::workflow]
    async fn async_function() {}

    #[llmobs::workflow]
    fn iterator() -> impl Iterator<Item = u8> {
        0..1
    }

    #[llmobs::workflow]
    fn stream() -> BoxStream<'static, u8> {
        Box::pin(items(0..1))
    }

    #[llmobs::workflow]
    fn recursive() {
        recursive();
    }

    pub(crate) struct Store;

    #[llmobs::instrument]
    impl Store {
        fn method(&self) {}

        #[llmobs::skip]
        fn skipped(&self) {}

        pub(crate) fn used(&self, unused: u8) {
            let mut local = 1;
        }
    }

    #[llmobs::instrument]
    mod block {
        fn in_a_block() {}
    }
}

/// An option uses its argument.
#[llmobs::task(name = used, skip_all)]
fn used_by_an_option_alone(used: &str) {}

fn main() {
    use {later::*, values::*};
    used_by_an_option_alone("");
    dead::Store.used(1);
    unused_argument(1, 2);
    unused_local(1);
    unused_mut(1);
    assigned_for_nothing(1);
    unreachable(1);
    unreachable_pattern(1);
    unused_result("");
    needless_parens_and_braces(1);
    NotSnakeCase(1);
    lifetime_used_once("");
    expected_for_nothing(1);
    on_an_argument(1, 2);
    drop((unreachable_async(), unused_future(), unused_in_future(1, 2), unused_in_iterator(1, 2)));
    drop((unreachable_iterator(), unused_in_stream(1, 2), unreachable_stream()));
}
