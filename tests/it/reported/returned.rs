//! Functions that return before their work is done.

use std::pin::Pin;

use expect_test::expect;
use futures_util::future::{BoxFuture, Either, FutureExt as _, ready};
use pollster::block_on;

use super::step;
use crate::support::check;

/// tokio-rs/tracing#1863, #1865, #399
#[test]
fn futures_are_followed_whatever_the_body_is() {
    async fn helper(number: u8) -> u8 {
        step();
        ready(number).await
    }

    #[llmobs::tool]
    fn of_a_helper(number: u8) -> impl Future<Output = u8> {
        helper(number)
    }

    #[llmobs::tool]
    fn of_a_binding(number: u8) -> impl Future<Output = u8> {
        let future = async move { helper(number).await };
        future.map(|number| number + 1)
    }

    #[llmobs::tool]
    fn of_branches(number: u8) -> impl Future<Output = u8> {
        if number == 0 {
            return Either::Left(ready(0));
        }
        Either::Right(helper(number))
    }

    #[llmobs::tool]
    fn boxed_by_a_method(number: u8) -> BoxFuture<'static, u8> {
        helper(number).boxed()
    }

    #[llmobs::tool]
    fn boxed_by_a_helper(number: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
        boxed_by_a_method(number)
    }

    let tree = expect![[r#"
        tool of_a_helper  in {"number":1}  out 1
        └─ task step
        tool of_a_binding  in {"number":2}  out 3
        └─ task step
        tool of_branches  in {"number":0}  out 0
        tool of_branches  in {"number":3}  out 3
        └─ task step
        tool boxed_by_a_helper  in {"number":4}  out 4
        └─ tool boxed_by_a_method  in {"number":4}  out 4
           └─ task step
    "#]];
    check(
        || {
            block_on(of_a_helper(1));
            assert_eq!(block_on(of_a_binding(2)), 3);
            block_on(of_branches(0));
            block_on(of_branches(3));
            block_on(boxed_by_a_helper(4));
        },
        &tree,
    );
}

/// No other attribute follows an iterator.
#[test]
fn iterators_are_followed_to_their_end() {
    #[llmobs::task]
    fn pages(count: u8) -> impl Iterator<Item = u8> {
        (0..count).inspect(|_| step())
    }

    let tree = expect![[r#"
        task pages  in {"count":2}  out [0,1]
        ├─ task step
        └─ task step
        task pages  in {"count":9}  out [0]  cancelled
        └─ task step
    "#]];
    check(
        || {
            assert_eq!(pages(2).count(), 2);
            assert_eq!(pages(9).next(), Some(0));
        },
        &tree,
    );
}

/// Arize-ai/openinference#3790; openlit/openlit#1454; traceloop/openllmetry#3151; mlflow/mlflow#25410
#[cfg(feature = "stream")]
#[test]
fn streams() {
    use futures_util::stream::{self, Stream, StreamExt as _};

    #[llmobs::llm]
    async fn chat(
        tokens: &'static [&'static str],
    ) -> Result<impl Stream<Item = Result<String, String>>, String> {
        let first = tokens.first().ok_or("no tokens")?;
        step();
        Ok(stream::iter(tokens).map(move |token| match *token {
            "!" => Err(format!("cut off after {first}")),
            token => Ok(token.to_owned()),
        }))
    }

    let tree = expect![[r#"
        llm chat  in user: {"tokens":["to ","the ","end"]}  out assistant: to the end
        └─ task step
        llm chat  in user: {"tokens":["an ","!"]}  out assistant: an   error alloc::string::String: cut off after an 
        └─ task step
        llm chat  in user: {"tokens":["drop","ped"]}  out assistant: drop  cancelled
        └─ task step
        llm chat  error alloc::string::String: no tokens
    "#]];
    check(
        || {
            block_on(async {
                assert_eq!(chat(&["to ", "the ", "end"]).await.unwrap().count().await, 3);
                assert_eq!(chat(&["an ", "!"]).await.unwrap().count().await, 2);
                let mut dropped = Box::pin(chat(&["drop", "ped"]).await.unwrap());
                assert_eq!(dropped.next().await.unwrap().unwrap(), "drop");
                drop(dropped);
                assert!(chat(&[]).await.is_err());
            });
        },
        &tree,
    );
}

/// tokio-rs/tracing#3179, #1219; dtolnay/async-trait#156, #97
#[test]
fn async_trait_by_type_and_not_by_body() {
    #[async_trait::async_trait]
    trait Model {
        async fn complete(&self, prompt: &str) -> Result<String, String>;
    }

    struct Above;
    struct Below;
    struct ByHand;

    #[async_trait::async_trait]
    impl Model for Above {
        #[llmobs::llm]
        async fn complete(&self, prompt: &str) -> Result<String, String> {
            step();
            Err(prompt.to_owned())
        }
    }

    #[llmobs::instrument(llm)]
    #[async_trait::async_trait]
    impl Model for Below {
        async fn complete(&self, prompt: &str) -> Result<String, String> {
            step();
            Ok(prompt.to_uppercase())
        }
    }

    // As the macro expanded in its first versions: to a function inside, and not to a block.
    impl Model for ByHand {
        #[llmobs::llm]
        fn complete<'life0, 'life1, 'async_trait>(
            &'life0 self,
            prompt: &'life1 str,
        ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            async fn complete(_self: &ByHand, prompt: &str) -> Result<String, String> {
                step();
                ready(Ok(prompt.to_lowercase())).await
            }
            Box::pin(complete(self, prompt))
        }
    }

    let tree = expect![[r#"
        llm complete  in user: Hi  error alloc::string::String: Hi
        └─ task step
        llm complete  in user: Hi  out assistant: HI
        └─ task step
        llm complete  in user: Hi  out assistant: hi
        └─ task step
    "#]];
    check(
        || {
            let models: [Box<dyn Model>; 3] = [Box::new(Above), Box::new(Below), Box::new(ByHand)];
            let answers = models.map(|model| block_on(model.complete("Hi")));
            assert_eq!(answers, [Err("Hi".to_owned()), Ok("HI".to_owned()), Ok("hi".to_owned())]);
        },
        &tree,
    );
}
