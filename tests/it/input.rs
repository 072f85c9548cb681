//! Captured arguments, and the options that change the capture.

use std::fmt::{Debug, Display};

use expect_test::expect;
use serde_json::json;

use crate::support::{check, events};

/// tokio-rs/tracing#3402, #754; smithy-lang/smithy-rs#1372; divviup/janus#392; bitwarden/sdk-internal#1139
#[test]
fn arguments_do_not_leak_secrets() {
    struct Client {
        key: String,
    }

    impl Client {
        #[llmobs::llm(inputs(prompt))]
        fn opted_in(&self, prompt: &str, password: &str) -> usize {
            self.key.len() + prompt.len() + password.len()
        }

        #[llmobs::llm(skip(password))]
        fn opted_out(&self, prompt: &str, password: &str) -> usize {
            self.opted_in(prompt, password)
        }

        #[llmobs::llm(skip_all, skip_output)]
        fn all_left_out(self, password: String) -> String {
            password + &self.key
        }

        #[llmobs::task(redact(password))]
        async fn redacted(&self, (user, password): (&str, &str)) -> usize {
            user.len() + password.len()
        }
    }

    let events = events(|| {
        let client = Client { key: "SECRET".to_owned() };
        client.opted_out("hi", "SECRET");
        pollster::block_on(client.redacted(("me", "SECRET")));
        assert_eq!(client.all_left_out("SECRET".to_owned()), "SECRETSECRET");
    });
    assert!(!json!(events).to_string().contains("SECRET"), "{events:?}");
    assert_eq!(events.len(), 4);
    assert_eq!(events[1]["meta"]["input"]["messages"][0]["content"], "hi");
    assert_eq!(events[2]["meta"]["input"]["value"], r#"{"user":"me","password":"[redacted]"}"#);
}

/// tokio-rs/tracing#1612, #396; la10736/rstest#78
#[test]
fn arguments_without_debug() {
    struct Opaque;

    #[derive(serde::Serialize)]
    struct Shown {
        text: &'static str,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug")]
    struct OnlyDebug(u8);

    #[llmobs::task]
    fn plain(opaque: Opaque, mut call: impl FnMut() -> u8, object: &dyn Fn(u8) -> u8) -> Opaque {
        let _ = object(call());
        opaque
    }

    #[llmobs::task]
    fn best(shown: &Shown, debug: Option<OnlyDebug>, _boxed: Box<dyn Display>) -> &'static str {
        let _ = debug;
        shown.text
    }

    #[llmobs::task]
    async fn generic<T>(value: T) -> Result<T, Opaque> {
        Ok(value)
    }

    let tree = expect![[r#"
        task plain  in {"opaque":"<it::input::arguments_without_debug::Opaque>","call":"<it::input::arguments_without_debug::{{closure}}::{{closure}}>","object":"<&dyn core::ops::function::Fn(u8) -> u8>"}  out <it::input::arguments_without_debug::Opaque>
        task best  in {"shown":{"text":"a"},"debug":"Some(OnlyDebug(1))","_boxed":"<alloc::boxed::Box<dyn core::fmt::Display>>"}  out a
        task generic  in {"value":"<u8>"}  out <u8>
    "#]];
    check(
        || {
            let Opaque = plain(Opaque, || 1, &|number| number);
            assert_eq!(best(&Shown { text: "a" }, Some(OnlyDebug(1)), Box::new(1)), "a");
            assert!(pollster::block_on(generic(1_u8)).is_ok());
        },
        &tree,
    );
}

/// tokio-rs/tracing#3320
#[test]
fn cfg_on_arguments() {
    struct Store(u8);

    impl Store {
        #[llmobs::task]
        fn method(&self, #[cfg(any())] gone: DoesNotExist, #[cfg(not(doctest))] (here, _): (u8, u8)) -> u8 {
            here + self.0
        }
    }

    #[llmobs::task(tags(here = here))]
    fn function(#[cfg(any())] gone: DoesNotExist, #[cfg(not(doctest))] mut here: u8) -> u8 {
        here += 1;
        #[cfg(any())]
        drop(gone);
        here
    }

    #[llmobs::task]
    async fn future(#[cfg(not(doctest))] here: u8, #[cfg(any())] gone: DoesNotExist, _last: u8) -> u8 {
        here
    }

    let tree = expect![[r#"
        task method  in {"here":1}  out 1
        task function  in {"here":2}  out 3
        task future  in {"here":4,"_last":5}  out 4
    "#]];
    check(
        || {
            assert_eq!(Store(0).method((1, 2)), 1);
            assert_eq!(function(2), 3);
            assert_eq!(pollster::block_on(future(4, 5)), 4);
        },
        &tree,
    );
}

/// tokio-rs/tracing#1407, #600, #562
#[test]
fn underscore_is_not_an_input() {
    #[llmobs::task]
    fn ignores(_: &str, (_, shown): (&str, u8), [..]: [&str; 1]) -> u8 {
        shown
    }

    #[llmobs::task]
    async fn ignores_async(_: &str, _named: u8, (_part, ..): (&str, u8)) {}

    let tree = expect![[r#"
        task ignores  in {"shown":1}  out 1
        task ignores_async  in {"_named":2}
    "#]];
    check(
        || {
            assert_eq!(ignores("SECRET", ("SECRET", 1), ["SECRET"]), 1);
            pollster::block_on(ignores_async("SECRET", 2, ("SECRET", 3)));
        },
        &tree,
    );
}

/// The compiler only knows that `value` is `Debug`.
#[llmobs::task]
fn generic(value: impl Debug) {
    let _ = value;
}

#[test]
fn generic_arguments_are_captured_by_their_bounds() {
    let tree = expect![[r#"
        task generic  in {"value":"\"text\""}
    "#]];
    check(|| generic("text"), &tree);
}
