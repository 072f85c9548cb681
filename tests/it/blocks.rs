//! The functions of a block that get a span.

use expect_test::expect;
use llmobs::testing::Collector;

use crate::support::check;

mod inherent_impl {
    use super::*;

    #[repr(C)]
    struct Bytes<const N: usize, T = u8>(T);

    #[llmobs::instrument]
    impl Bytes<{ 1 + 1 }> {
        #![expect(clippy::unused_self, reason = "to see that it stays at the beginning")]

        const FEW: [u8; 2] = if N_IS_TWO { [1, 2] } else { [3; 2] };

        /// Documented.
        #[must_use]
        fn first(&self, bytes: Bytes<{ 1 + 1 }, u8>) -> Bytes<{ 1 + 1 }, u8>
        where
            Bytes<{ 1 + 1 }>: Send,
        {
            self.second(Self::constant());
            bytes
        }

        pub(crate) extern "C" fn second(&self, number: u8) -> Bytes<{ 1 + 2 }> {
            Bytes(number)
        }

        #[llmobs::tool]
        fn own(&self) -> u8 {
            Self::FEW[0]
        }

        #[cfg_attr(all(), llmobs::workflow(name = "conditional"))]
        fn own_on_condition(&self) {}

        #[llmobs::skip]
        fn skipped(&self) {
            self.own();
        }

        #[cfg_attr(all(), must_use, llmobs::skip)]
        fn skipped_on_condition(&self) -> u8 {
            1
        }

        const fn constant() -> u8 {
            1
        }

        #[cfg(any())]
        fn one_of_two(&self) -> DoesNotExist {}

        #[cfg(not(any()))]
        fn one_of_two(&self) {}

        async fn later(&self, number: u8) -> u8 {
            self.own() + number
        }
    }

    const N_IS_TWO: bool = true;

    #[test]
    fn traces_all_functions_except_const_and_skipped_ones() {
        let tree = expect![[r#"
            task first  in {"bytes":"<it::blocks::inherent_impl::Bytes<2>>"}  out <it::blocks::inherent_impl::Bytes<2>>
            └─ task second  in {"number":1}  out <it::blocks::inherent_impl::Bytes<3>>
            workflow conditional
            tool own  out 1
            task one_of_two
            task later  in {"number":1}  out 2
            └─ tool own  out 1
        "#]];
        let program = || {
            let bytes = Bytes::<2>(0).first(Bytes(0));
            bytes.own_on_condition();
            bytes.skipped();
            bytes.one_of_two();
            let _ = bytes.skipped_on_condition();
            assert_eq!(pollster::block_on(bytes.later(1)), 2);
        };
        check(program, &tree);
    }
}

mod traits {
    use super::*;

    #[llmobs::instrument(agent, skip_all, pub_only)]
    trait Greets {
        type Name;
        const COUNT: usize = { 1 };

        fn name(&self) -> &'static str;

        fn greet(&self, times: usize) -> String {
            self.name().repeat(times)
        }

        #[llmobs::skip]
        fn quiet(&self) {}
    }

    struct Person;

    #[llmobs::instrument(pub_only)]
    impl Greets for Person {
        type Name = u8;

        fn name(&self) -> &'static str {
            "me"
        }

        #[llmobs::skip]
        fn quiet(&self) {}
    }

    #[test]
    fn trace_default_bodies_and_implementations() {
        let tree = expect![[r#"
            agent greet  out me
            └─ task name  out me
        "#]];
        let program = || {
            Person.greet(Person::COUNT);
            Person.quiet();
        };
        check(program, &tree);
    }
}

mod implicit_calls {
    use super::*;
    use std::fmt;

    struct Counter(u8);

    #[llmobs::instrument]
    mod implementations {
        use super::*;

        impl fmt::Display for Counter {
            #[llmobs::skip]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl Drop for Counter {
            fn drop(&mut self) {
                self.0 = 0;
            }
        }

        impl serde::Serialize for Counter {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.0)
            }
        }

        impl Iterator for Counter {
            type Item = u8;

            fn next(&mut self) -> Option<u8> {
                self.0 = self.0.checked_sub(1)?;
                self.last_value();
                Some(self.0)
            }
        }

        impl Counter {
            fn last_value(&self) -> u8 {
                self.0
            }
        }
    }

    #[test]
    fn to_methods_of_common_traits_are_not_traced() {
        let tree = expect![[r#"
            task last_value  out 1
        "#]];
        let program = || {
            let mut counter = Counter(2);
            assert_eq!(format!("{counter} {}", serde_json::to_string(&counter).unwrap()), "2 2");
            assert_eq!(counter.next(), Some(1));
        };
        check(program, &tree);
    }
}

mod modules {
    #![expect(unreachable_pub, reason = "`pub` is what the option `pub_only` looks for")]

    use super::*;

    macro_rules! module {
        ($visibility:vis $name:ident, $returned:ty, $body:block, $($item:item)*) => {
            #[llmobs::instrument(pub_only)]
            mod from_a_macro {
                $visibility fn $name() -> $returned $body
                $($item)*
            }
        };
    }

    module! {
        pub from_parts, Option<fn(u8) -> u8>, { item(); not_pub(); None },
        /// Documented.
        pub fn item() {}
        pub(super) fn not_pub() {}
    }

    #[llmobs::instrument(workflow, pub_only)]
    pub mod outer {
        #![expect(dead_code, reason = "to see that it stays at the beginning")]

        use std::iter::{empty, once};

        pub const LIMIT: u8 = if TABLE.len() == 1 { 3 } else { 4 };
        pub static TABLE: [fn(u8) -> u8; 1] = [{ |number| number }];
        pub type Table = Braces<{ 1 + 1 }>;

        #[derive(Debug)]
        pub struct Braces<const N: usize = { 1 + 1 }> {
            pub field: u8,
        }

        #[derive(Debug)]
        pub struct Parentheses(pub fn(u8) -> u8);
        pub struct Nothing;

        #[rustfmt::skip]
        pub enum Either { Left, Right { value: u8 } }

        macro_rules! twice {
            ($name:ident) => {
                pub fn $name() {}
            };
        }

        twice! { braces }
        twice!(parentheses);

        pub fn free() {
            let _: Vec<u8> = once(1).chain(empty()).collect();
            braces();
            parentheses();
            crate_only();
            Nothing.method();
            inner::free();
            inner::of_other_kind::free();
            inner::left_out::free();
        }

        pub(crate) fn crate_only() {}

        impl Nothing {
            pub fn method(&self) {
                self.private();
                self.of_trait();
            }

            fn private(&self) {
                let Self = self;
            }
        }

        pub trait Trait {
            fn of_trait(&self) {}
        }

        impl Trait for Nothing {}

        mod inner {
            pub fn free() {
                private();
            }

            fn private() {}

            #[llmobs::instrument(tool)]
            pub mod of_other_kind {
                pub fn free() {
                    private();
                }

                fn private() {}
            }

            #[llmobs::skip]
            pub mod left_out {
                pub fn free() {}
            }
        }
    }

    #[test]
    fn trace_functions_and_blocks_within() {
        let tree = expect![[r#"
            workflow free
            ├─ workflow method
            │  └─ workflow of_trait
            ├─ workflow free
            └─ tool free
               └─ tool private
            task from_parts  out None
            └─ task item
        "#]];
        let program = || {
            outer::free();
            from_a_macro::from_parts();
        };
        check(program, &tree);
    }
}

mod options {
    use super::*;

    struct Client {
        session: String,
    }

    #[llmobs::instrument(llm, session_id = self.session, model_name = [("gpt", 4)].map(|(a, b)| format!("{a}-{b}"))[0], skip_output)]
    impl Client {
        fn complete(&self, prompt: &str) -> usize {
            prompt.len() + self.session.len()
        }
    }

    #[test]
    fn apply_to_each_function() {
        let collector = Collector::new();
        collector.enter(|| Client { session: "s-1".to_owned() }.complete("four"));
        let event = &collector.events()[0];
        assert_eq!(collector.tree(), "llm complete  in user: four\n");
        assert_eq!(event["session_id"], "s-1");
        assert_eq!(event["meta"]["model_name"], "gpt-4");
    }
}

mod with_other_attributes {
    use super::*;

    #[llmobs::instrument(skip_all)]
    #[async_trait::async_trait]
    trait Above {
        async fn default(&self) {}
        async fn required(&self);
    }

    #[async_trait::async_trait]
    #[llmobs::instrument(skip_all)]
    impl Above for u8 {
        async fn required(&self) {}
    }

    #[llmobs::instrument]
    mod program {
        #[tokio::main(flavor = "current_thread")]
        pub(super) async fn main() {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn traces_the_functions_that_they_generate() {
        let collector = Collector::new();
        collector.enter(|| {
            pollster::block_on(1.default());
            pollster::block_on(1.required());
            program::main();
        });
        let names: Vec<_> = collector.events().iter().map(|event| event["name"].clone()).collect();
        assert_eq!(names, ["default", "required", "main"]);
    }
}
