//! Options that do not go with what a function returns.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use llmobs_ui_tests::{BoxStream, Stream, items};

mod items_come_later {
    use super::*;

    #[llmobs::task(output = ret)]
    pub fn output() -> impl Iterator<Item = u8> {
        0..1
    }

    #[llmobs::task(output = ret, tags(tier = ret), metadata(all = format!("{ret:?}"), one = 1), metrics(sum = ret))]
    fn all_that_sees_it() -> impl Stream<Item = u8> {
        items(0..1)
    }

    #[llmobs::task(metrics(sum = ret.len()))]
    fn in_a_box() -> BoxStream<'static, u8> {
        Box::pin(items(0..1))
    }

    #[llmobs::task(output = 1)]
    fn in_a_result() -> Result<Box<dyn Iterator<Item = u8>>, String> {
        Ok(Box::new(0..1))
    }
}

mod nothing_comes {
    #[llmobs::task(output = ret, tags(tier = ret))]
    fn never() -> ! {
        panic!()
    }

    #[llmobs::task(output = ret)]
    async fn never_async() -> ! {
        panic!()
    }

    #[llmobs::task(output = 1, metrics(sum = ret, one = 1))]
    #[track_caller]
    pub fn stays_in_place() -> u8 {
        1
    }
}

mod nothing_to_fold {
    use super::*;

    #[llmobs::task(fold = drop)]
    fn value() -> Vec<u8> {
        Vec::new()
    }

    #[llmobs::task(fold = drop)]
    fn nothing() {}

    #[llmobs::task(fold = drop)]
    fn never() -> ! {
        panic!()
    }

    #[llmobs::task(fold = drop)]
    async fn async_fn() -> Vec<u8> {
        Vec::new()
    }

    #[llmobs::task(fold = drop)]
    fn future() -> impl Future<Output = Vec<u8>> {
        ready(Vec::new())
    }
}

mod something_else_comes {
    use super::*;

    #[llmobs::task(stream)]
    fn iterator() -> impl Iterator<Item = u8> {
        0..1
    }

    #[llmobs::task(iterator)]
    fn stream() -> BoxStream<'static, u8> {
        Box::pin(items(0..1))
    }

    #[llmobs::task(iterator)]
    fn future() -> Pin<Box<dyn Future<Output = u8>>> {
        Box::pin(ready(1))
    }

    #[llmobs::task(future)]
    pub fn opaque() -> impl std::fmt::Debug {
        ready(1)
    }

    #[llmobs::task(future)]
    fn reference(ready: &Ready<u8>) -> &Ready<u8> {
        ready
    }

    #[llmobs::task(stream)]
    fn nothing() {}

    #[llmobs::task(stream)]
    fn never() -> ! {
        panic!()
    }
}

fn main() {
    let _ = (items_come_later::output(), nothing_comes::stays_in_place(), something_else_comes::opaque());
}
