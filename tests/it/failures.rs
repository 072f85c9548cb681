//! Returned errors and panics: recorded on the span, and passed on unchanged to the caller.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use expect_test::{Expect, expect};
use llmobs::testing::Collector;

use crate::support::events;

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request failed")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection refused")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {}

/// Compares the error of the first span of `program`, as JSON text.
fn check_error(program: impl FnOnce(), error: &Expect) {
    let collector = Collector::new();
    collector.enter(program);
    let event = collector.events().swap_remove(0);
    assert_eq!(event["status"], "error");
    let kind = event["meta"]["error"]["type"].as_str().unwrap();
    let tags = event["tags"].as_array().unwrap();
    assert!(
        tags.contains(&"error:1".into()) && tags.contains(&format!("error_type:{kind}").into()),
        "{tags:?}"
    );
    assert_eq!(event["meta"].get("output"), None);
    error.assert_eq(&format!("{:#}\n", event["meta"]["error"]));
}

mod skipped {
    use super::*;

    use futures_util::stream::{self, Stream, StreamExt as _};
    use llmobs::FutureSpanExt as _;

    #[llmobs::task(skip_error, skip(key))]
    fn open(key: &str) -> Result<(), Outer> {
        assert!(!key.is_empty(), "no key");
        Err(Outer(Inner))
    }

    #[llmobs::task(skip_error, skip(key))]
    async fn open_later(key: &str) -> Result<(), String> {
        assert!(!key.is_empty(), "no key");
        Err(format!("{key} is wrong"))
    }

    #[llmobs::task(skip_error, skip(key))]
    fn lines(key: &str) -> Result<impl Stream<Item = Result<u8, String>>, Box<dyn Error>> {
        if key.is_empty() {
            Err("no key")?;
        }
        Ok(stream::iter([Ok(1), Err(format!("{key} is wrong"))]))
    }

    #[llmobs::task(skip_error, skip(key))]
    fn by_hand(key: &str) -> Result<(), Outer> {
        llmobs::annotate(|note| {
            note.failure("denied", format_args!("{} bytes", key.len()));
        });
        Err(Outer(Inner))
    }

    #[llmobs::task(skip(key))]
    fn shown(key: &str) -> Result<(), String> {
        Err(format!("{key} is wrong"))
    }

    fn program() {
        open("k").unwrap_err();
        catch_unwind(|| open("").is_ok()).unwrap_err();
        pollster::block_on(open_later("k")).unwrap_err();
        catch_unwind(|| pollster::block_on(open_later(""))).unwrap_err();
        assert_eq!(pollster::block_on(lines("k").unwrap().count()), 2);
        assert!(lines("").is_err());
        by_hand("k").unwrap_err();
        shown("k").unwrap_err();
        let span = llmobs::task("by hand").start();
        catch_unwind(AssertUnwindSafe(|| span.enter(|| panic!("k")))).unwrap_err();
        drop(span);
        let span = llmobs::task("future").start();
        let future = async { panic!("k") }.in_span(span);
        catch_unwind(AssertUnwindSafe(|| pollster::block_on(future))).unwrap_err();
        let span = llmobs::task("stream").start();
        let items = stream::iter([1]).inspect(|_| panic!("k"));
        let items = llmobs::StreamSpanExt::in_span(items, span);
        catch_unwind(AssertUnwindSafe(|| pollster::block_on(items.count()))).unwrap_err();
    }

    #[test]
    fn errors_keep_their_type_and_annotations() {
        let collector = Collector::new();
        collector.enter(program);
        expect![[r#"
            task open  error it::failures::Outer
            task open  error panic
            task open_later  error alloc::string::String
            task open_later  error panic
            task lines  out [1]  error alloc::string::String
            task lines  error alloc::boxed::Box<dyn core::error::Error>
            task by_hand  error denied: 1 bytes
            task shown  error alloc::string::String: k is wrong
            task by hand  error panic: k
            task future  error panic: k
            task stream  error panic: k
        "#]]
        .assert_eq(&collector.tree());
        let error = collector.events().swap_remove(0)["meta"]["error"].take();
        assert_eq!(error, serde_json::json!({ "type": "it::failures::Outer", "message": "", "stack": "" }));
        let texts = collector.spans().into_iter().filter_map(|span| span.failure);
        let texts: Vec<String> = texts.map(|failure| failure.message + &failure.stack).collect();
        assert_eq!(texts, ["", "", "", "", "", "", "1 bytes", "k is wrong", "k", "k", "k"]);
    }

    #[test]
    fn errors_of_a_whole_program_keep_their_type_and_annotations() {
        let collector = Collector::with_config(&llmobs::Config::from_env().capture_errors(false));
        collector.enter(program);
        expect![[r#"
            task open  error it::failures::Outer
            task open  error panic
            task open_later  error alloc::string::String
            task open_later  error panic
            task lines  out [1]  error alloc::string::String
            task lines  error alloc::boxed::Box<dyn core::error::Error>
            task by_hand  error denied: 1 bytes
            task shown  error alloc::string::String
            task by hand  error panic
            task future  error panic
            task stream  error panic
        "#]]
        .assert_eq(&collector.tree());
    }
}

mod returned {
    use super::*;

    type Aliased<T> = Result<T, Outer>;

    #[llmobs::task]
    fn aliased() -> Aliased<u8> {
        Err(Outer(Inner))
    }

    #[test]
    fn error_of_an_aliased_result_is_shown_with_its_sources() {
        let error = expect![[r#"
            {
              "message": "the request failed",
              "stack": "it::failures::Outer: the request failed\nCaused by: connection refused",
              "type": "it::failures::Outer"
            }
        "#]];
        check_error(|| assert!(matches!(aliased(), Err(Outer(Inner)))), &error);
    }

    #[llmobs::task]
    fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(Box::new(Outer(Inner)))
    }

    #[test]
    fn boxed_error_is_shown_with_its_sources() {
        let error = expect![[r#"
            {
              "message": "the request failed",
              "stack": "alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>: the request failed\nCaused by: connection refused",
              "type": "alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>"
            }
        "#]];
        check_error(|| assert!(boxed().is_err()), &error);
    }

    #[llmobs::task]
    fn local_box() -> Result<(), Box<dyn Error>> {
        Err(Box::new(Inner))
    }

    #[test]
    fn boxed_error_that_is_not_send_is_shown() {
        let error = expect![[r#"
            {
              "message": "connection refused",
              "stack": "alloc::boxed::Box<dyn core::error::Error>: connection refused",
              "type": "alloc::boxed::Box<dyn core::error::Error>"
            }
        "#]];
        check_error(|| assert!(local_box().is_err()), &error);
    }

    #[llmobs::task]
    fn text() -> Result<(), String> {
        Err("no such table".to_owned())
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug")]
    struct OnlyDebug(u8);

    #[llmobs::task]
    fn debug() -> Result<(), OnlyDebug> {
        Err(OnlyDebug(7))
    }

    struct Opaque;

    #[llmobs::task]
    fn opaque() -> Result<(), Opaque> {
        Err(Opaque)
    }

    struct Hostile;

    impl fmt::Display for Hostile {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("a Display that panics")
        }
    }

    #[llmobs::task]
    fn hostile() -> Result<(), Hostile> {
        Err(Hostile)
    }

    #[test]
    fn other_values_are_shown_as_precisely_as_their_type_allows() {
        let collector = Collector::new();
        collector.enter(|| {
            assert_eq!(text(), Err("no such table".to_owned()));
            assert!(debug().is_err() && opaque().is_err() && hostile().is_err());
        });
        let expected = expect![[r#"
            task text  error alloc::string::String: no such table
            task debug  error it::failures::returned::OnlyDebug: OnlyDebug(7)
            task opaque  error it::failures::returned::Opaque: <it::failures::returned::Opaque>
            task hostile  error it::failures::returned::Hostile: <it::failures::returned::Hostile: panicked while being captured>
        "#]];
        expected.assert_eq(&collector.tree());
    }

    #[llmobs::workflow]
    async fn through_question_mark() -> Result<u8, Outer> {
        let number = nested().await?;
        Ok(number + 1)
    }

    #[llmobs::task]
    async fn nested() -> Result<u8, Outer> {
        Err(Outer(Inner))
    }

    #[test]
    fn error_marks_every_span_that_returns_it() {
        let collector = Collector::new();
        collector.enter(|| assert!(pollster::block_on(through_question_mark()).is_err()));
        let expected = expect![[r#"
            workflow through_question_mark  error it::failures::Outer: the request failed
            └─ task nested  error it::failures::Outer: the request failed
        "#]];
        expected.assert_eq(&collector.tree());
    }
}

mod panics {
    use super::*;

    #[llmobs::task]
    fn with_text(text: &str) -> u8 {
        panic!("no {text}")
    }

    #[llmobs::task]
    async fn in_future() -> u8 {
        panic!("in a future")
    }

    #[derive(Debug, PartialEq)]
    struct Payload(u8);

    #[llmobs::task]
    fn with_value() -> u8 {
        std::panic::panic_any(Payload(7))
    }

    /// The span cannot see the payload: the body runs in place, so that the location is that of the caller.
    #[llmobs::task]
    #[track_caller]
    fn in_place() -> u8 {
        panic!("in place")
    }

    fn payload_of<R: fmt::Debug>(f: impl FnOnce() -> R) -> Box<dyn Any + Send> {
        catch_unwind(AssertUnwindSafe(f)).unwrap_err()
    }

    #[test]
    fn continue_with_the_same_payload_and_mark_the_span() {
        let collector = Collector::new();
        collector.enter(|| {
            assert_eq!(*payload_of(|| with_text("way")).downcast::<String>().unwrap(), "no way");
            let payload = payload_of(|| pollster::block_on(in_future()));
            assert_eq!(*payload.downcast::<&str>().unwrap(), "in a future");
            assert_eq!(*payload_of(with_value).downcast::<Payload>().unwrap(), Payload(7));
            assert_eq!(*payload_of(in_place).downcast::<&str>().unwrap(), "in place");
            let span = llmobs::workflow("by hand").start();
            payload_of(|| span.enter(|| panic!("by hand")));
            // The current span is the same as before.
            llmobs::task("after").start().finish();
        });
        let expected = expect![[r#"
            task with_text  in {"text":"way"}  error panic: no way
            task in_future  error panic: in a future
            task with_value  error panic: a panic with a value that is not text
            task in_place  error panic: the function panicked
            workflow by hand  error panic: by hand
            task after
        "#]];
        expected.assert_eq(&collector.tree());
    }
}

/// tokio-rs/tracing#1311, #3578; dtolnay/anyhow#226; 0xMiden/node#683
#[test]
fn sources_of_an_error() {
    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_ref().map(|source| &**source as _)
        }
    }

    /// A report like those of error libraries, which print the whole chain with `#`.
    struct Report(Layer);

    impl fmt::Display for Report {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)?;
            match &self.0.1 {
                Some(source) if f.alternate() => write!(f, ": {source}"),
                _ => Ok(()),
            }
        }
    }

    fn layers() -> Layer {
        let refused = Layer("connection refused", None);
        Layer("no answer", Some(Box::new(Layer("request failed", Some(Box::new(refused))))))
    }

    #[llmobs::task]
    fn typed() -> Result<(), Layer> {
        Err(layers())
    }

    #[llmobs::task]
    async fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(layers().into())
    }

    #[llmobs::task]
    fn report() -> Result<(), Report> {
        Err(Report(layers()))
    }

    let events = events(|| {
        typed().unwrap_err();
        pollster::block_on(boxed()).unwrap_err();
        assert!(report().is_err());
    });
    let error = |index: usize, part: &str| events[index]["meta"]["error"][part].as_str().unwrap();
    for index in [0, 1] {
        assert_eq!(error(index, "message"), "no answer");
        let causes: Vec<_> = error(index, "stack").lines().skip(1).collect();
        assert_eq!(causes, ["Caused by: request failed", "Caused by: connection refused"]);
    }
    assert_eq!(error(2, "message"), "no answer: request failed");
}
