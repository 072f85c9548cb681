//! Functions that return before their work is done: futures and iterators. Streams are in a separate module.

use std::future::{self, Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;

use expect_test::expect;
use futures_util::future::{BoxFuture, Either, FutureExt as _, LocalBoxFuture};
use llmobs::testing::Collector;
use pollster::block_on;

use crate::support::check;

#[llmobs::task]
fn step() {}

mod futures {
    use super::*;

    #[llmobs::tool]
    fn opaque(text: &str) -> impl Future<Output = Result<usize, std::num::ParseIntError>> {
        let copy = text.to_owned();
        async move {
            step();
            let number: usize = copy.parse()?;
            Ok(number)
        }
    }

    #[llmobs::tool]
    fn pinned<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = String> + Send + 'a>> {
        Box::pin(async move {
            step();
            text.to_uppercase()
        })
    }

    #[llmobs::tool]
    fn boxed(number: u8) -> BoxFuture<'static, u8> {
        // Not an async block, since the attribute only reads the type.
        ready(number).inspect(|_| step()).boxed()
    }

    #[llmobs::tool]
    fn boxed_local(text: Rc<str>) -> LocalBoxFuture<'static, usize> {
        async move {
            step();
            text.len()
        }
        .boxed_local()
    }

    #[llmobs::tool]
    fn unpinned(number: u8) -> Box<dyn Future<Output = u8> + Unpin> {
        Box::new(ready(number).inspect(|_| step()))
    }

    type Later<T> = Pin<Box<dyn Future<Output = T>>>;

    #[llmobs::tool(future)]
    fn aliased(number: u8) -> Later<u8> {
        Box::pin(async move {
            step();
            number
        })
    }

    #[test]
    fn of_every_type_run_inside_their_span() {
        let tree = expect![[r#"
            tool opaque  in {"text":"12"}  out 12
            └─ task step
            tool opaque  in {"text":"x"}  error core::num::error::ParseIntError: invalid digit found in string
            └─ task step
            tool pinned  in {"text":"a"}  out A
            └─ task step
            tool boxed  in {"number":1}  out 1
            └─ task step
            tool boxed_local  in {"text":"abc"}  out 3
            └─ task step
            tool unpinned  in {"number":2}  out 2
            └─ task step
            tool aliased  in {"number":3}  out 3
            └─ task step
        "#]];
        check(
            || {
                assert_eq!(block_on(opaque("12")), Ok(12));
                assert!(block_on(opaque("x")).is_err());
                assert_eq!(block_on(pinned("a")), "A");
                assert_eq!(block_on(boxed(1)), 1);
                assert_eq!(block_on(boxed_local("abc".into())), 3);
                assert_eq!(block_on(unpinned(2)), 2);
                assert_eq!(block_on(aliased(3)), 3);
            },
            &tree,
        );
    }

    #[llmobs::workflow]
    fn checked(number: u8) -> Result<impl Future<Output = Result<u8, String>>, String> {
        step();
        if number == 0 {
            return Err("zero".to_owned());
        }
        Ok(async move {
            step();
            number.checked_mul(100).ok_or_else(|| "too large".to_owned())
        })
    }

    #[llmobs::workflow]
    async fn twice(number: u8) -> impl Future<Output = u8> {
        step();
        async move {
            step();
            number
        }
    }

    #[llmobs::workflow]
    async fn checked_twice(number: u8) -> Result<BoxFuture<'static, u8>, String> {
        step();
        Ok(async move {
            step();
            number
        }
        .boxed())
    }

    #[test]
    fn that_are_wrapped_in_other_types_start_at_the_call() {
        let tree = expect![[r#"
            workflow checked  in {"number":0}  error alloc::string::String: zero
            └─ task step
            workflow checked  in {"number":1}  out 100
            ├─ task step
            └─ task step
            workflow checked  in {"number":3}  error alloc::string::String: too large
            ├─ task step
            └─ task step
            workflow twice  in {"number":4}  out 4
            ├─ task step
            └─ task step
            workflow checked_twice  in {"number":5}  out 5
            ├─ task step
            └─ task step
        "#]];
        check(
            || {
                assert_eq!(checked(0).err().unwrap(), "zero");
                assert_eq!(block_on(checked(1).unwrap()), Ok(100));
                assert!(block_on(checked(3).unwrap()).is_err());
                assert_eq!(block_on(async { twice(4).await.await }), 4);
                assert_eq!(block_on(async { checked_twice(5).await.unwrap().await }), 5);
            },
            &tree,
        );
    }

    #[test]
    fn start_at_the_first_poll_under_the_current_span() {
        let tree = expect![[r#"
            workflow outer
            └─ tool opaque  in {"text":"1"}  out 1
               └─ task step
        "#]];
        check(
            || {
                let early = opaque("1");
                let never = opaque("2");
                let outer = llmobs::workflow("outer").start();
                outer.enter(|| assert_eq!(block_on(early), Ok(1)));
                drop(never);
            },
            &tree,
        );
    }

    #[llmobs::tool]
    fn panics_before(number: u8) -> impl Future<Output = u8> {
        assert!(number > 0, "before");
        async move {
            assert!(number > 1, "inside");
            future::pending().await
        }
    }

    #[test]
    fn that_panic_or_are_dropped_are_recorded() {
        let collector = Collector::new();
        collector.enter(|| {
            let _ = catch_unwind(|| panics_before(0)).err().expect("it panics");
            catch_unwind(AssertUnwindSafe(|| block_on(panics_before(1)))).expect_err("it panics");
            let _ = catch_unwind(|| panics_before(2).now_or_never());
        });
        expect![[r#"
            tool panics_before  in {"number":0}  error panic: before
            tool panics_before  in {"number":1}  error panic: inside
            tool panics_before  in {"number":2}  cancelled
        "#]]
        .assert_eq(&collector.tree());
    }

    #[llmobs::tool(output = format!("{} bytes", ret.len()), metrics(length = ret.len()), tags(first = ret.chars().next().unwrap_or('-')))]
    fn described(text: &'static str) -> impl Future<Output = Result<String, String>> {
        async move { if text.is_empty() { Err("empty".to_owned()) } else { Ok(text.to_owned()) } }
    }

    #[test]
    fn evaluate_options_about_their_output() {
        let collector = Collector::new();
        collector.enter(|| {
            assert_eq!(block_on(described("abc")).unwrap(), "abc");
            block_on(described("")).unwrap_err();
        });
        let expected = expect![[r#"
            tool described  in {"text":"abc"}  out 3 bytes
            tool described  in {"text":""}  error alloc::string::String: empty
        "#]];
        expected.assert_eq(&collector.tree());
        let events = collector.events();
        assert_eq!(events[0]["metrics"], serde_json::json!({ "length": 3 }));
        assert_eq!(events[1]["metrics"], serde_json::json!({}));
        assert!(events[0]["tags"].as_array().unwrap().contains(&"first:a".into()));
    }

    trait Model {
        fn complete(&self, prompt: &str) -> impl Future<Output = String> + Send;
    }

    struct Echo;

    impl Model for Echo {
        #[llmobs::llm]
        fn complete(&self, prompt: &str) -> impl Future<Output = String> + Send {
            let prompt = prompt.to_owned();
            async move { prompt }
        }
    }

    #[test]
    fn of_trait_methods_are_traced() {
        let tree = expect![[r#"
            llm complete  in user: hi  out assistant: hi
        "#]];
        check(|| assert_eq!(block_on(Echo.complete("hi")), "hi"), &tree);
    }

    /// tokio-rs/tracing#1863, #1865, #399
    #[test]
    fn are_followed_for_every_kind_of_body() {
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
}

mod async_traits {
    use super::*;

    #[async_trait::async_trait]
    trait Tool {
        async fn call(&self, argument: &str) -> Result<String, String>;

        #[llmobs::task]
        async fn twice(&self, argument: &str) -> Result<String, String> {
            self.call(&format!("{argument}{argument}")).await
        }
    }

    struct Upper;

    #[async_trait::async_trait]
    impl Tool for Upper {
        #[llmobs::tool(tags(size = ret.len()))]
        async fn call(&self, argument: &str) -> Result<String, String> {
            step();
            let upper = argument.to_uppercase();
            if upper == argument { Err("it is upper already".to_owned()) } else { Ok(upper) }
        }
    }

    struct Lower;

    #[llmobs::instrument(tool)]
    #[async_trait::async_trait]
    impl Tool for Lower {
        async fn call(&self, argument: &str) -> Result<String, String> {
            step();
            Ok(argument.to_lowercase())
        }
    }

    #[test]
    fn work_above_and_below_the_attribute() {
        let tree = expect![[r#"
            task twice  in {"argument":"a"}  out AA
            └─ tool call  in {"argument":"aa"}  out AA
               └─ task step
            tool call  in {"argument":"B"}  error alloc::string::String: it is upper already
            └─ task step
            tool call  in {"argument":"C"}  out c
            └─ task step
        "#]];
        check(
            || {
                assert_eq!(block_on(Upper.twice("a")), Ok("AA".to_owned()));
                assert!(block_on(Upper.call("B")).is_err());
                let tool: Box<dyn Tool> = Box::new(Lower);
                assert_eq!(block_on(tool.call("C")), Ok("c".to_owned()));
            },
            &tree,
        );
    }

    /// tokio-rs/tracing#3179, #1219; dtolnay/async-trait#156, #97
    #[test]
    fn are_recognized_by_type_and_not_by_body() {
        #[async_trait::async_trait]
        trait Model {
            async fn complete(&self, prompt: &str) -> Result<String, String>;
        }

        struct ByHand;

        // The expansion of the first versions of the macro, with an inner function instead of a block.
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
            llm complete  in user: Hi  out assistant: hi
            └─ task step
        "#]];
        check(
            || {
                assert_eq!(block_on(ByHand.complete("Hi")), Ok("hi".to_owned()));
            },
            &tree,
        );
    }
}

mod iterators;
