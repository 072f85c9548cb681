//! The options of the attributes, beyond names and models.

use expect_test::expect;
use llmobs::testing::Collector;
use serde_json::{Value, json};

use crate::support::{check, events};

/// The tags of a span that its options gave it.
fn tags(event: &Value, keys: &[&str]) -> Vec<String> {
    let tags = event["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned());
    tags.filter(|tag| keys.iter().any(|key| tag.starts_with(&format!("{key}:")))).collect()
}

mod input {
    use super::*;

    #[llmobs::task(inputs(question, limit))]
    fn only(question: &str, key: &str, limit: usize) -> usize {
        question.len() + key.len() + limit
    }

    #[llmobs::task(redact(key))]
    fn redacted(question: &str, key: String) -> usize {
        question.len() + key.len()
    }

    #[llmobs::task(skip_all, redact(key))]
    fn redacted_alone(question: &str, key: String) -> usize {
        question.len() + key.len()
    }

    #[llmobs::task(redact(secret))]
    fn redacted_part((open, secret): (u8, u8), Pair { left, .. }: Pair) -> u8 {
        open + secret + left
    }

    #[llmobs::llm(input = format!("{question}?"))]
    fn expression(question: &str, _history: Vec<u8>) -> usize {
        question.len()
    }

    #[llmobs::llm(input = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": question }]))]
    fn messages(question: String) -> usize {
        question.len()
    }

    struct Pair {
        left: u8,
        #[expect(dead_code, reason = "the pattern does not bind it")]
        right: u8,
    }

    #[test]
    fn is_selected_by_the_options() {
        let tree = expect![[r#"
            task only  in {"question":"why","limit":1}  out 7
            task redacted  in {"question":"why","key":"[redacted]"}  out 6
            task redacted_alone  in {"key":"[redacted]"}  out 6
            task redacted_part  in {"open":1,"secret":"[redacted]","left":3}  out 6
            llm expression  in user: why?  out assistant: 3
            llm messages  in system: Be brief. | user: why  out assistant: 3
        "#]];
        check(
            || {
                assert_eq!(only("why", "key", 1), 7);
                assert_eq!(redacted("why", "key".to_owned()), 6);
                assert_eq!(redacted_alone("why", "key".to_owned()), 6);
                assert_eq!(redacted_part((1, 2), Pair { left: 3, right: 4 }), 6);
                assert_eq!(expression("why", vec![]), 3);
                assert_eq!(messages("why".to_owned()), 3);
            },
            &tree,
        );
    }

    #[derive(serde::Serialize)]
    struct Counter {
        count: u8,
    }

    impl Counter {
        #[llmobs::task(inputs(self, by))]
        fn add(&mut self, by: u8) {
            self.count += by;
        }

        #[llmobs::task(inputs(self))]
        fn into_count(self) -> u8 {
            self.count
        }

        #[llmobs::task]
        fn not_named(&self, by: u8) -> u8 {
            self.count + by
        }
    }

    #[test]
    fn contains_self_only_if_it_is_named() {
        let tree = expect![[r#"
            task add  in {"self":{"count":1},"by":2}
            task not_named  in {"by":1}  out 4
            task into_count  in {"self":{"count":3}}  out 3
        "#]];
        check(
            || {
                let mut counter = Counter { count: 1 };
                counter.add(2);
                assert_eq!(counter.not_named(1), 4);
                assert_eq!(counter.into_count(), 3);
            },
            &tree,
        );
    }
}

mod output;

mod notes;

mod parent {
    use super::*;

    #[llmobs::task(parent = parent, skip_all)]
    fn under_span(parent: &llmobs::Span) {
        inner();
    }

    #[llmobs::task(parent = parent.as_ref(), skip_all)]
    async fn under_option(parent: Option<llmobs::Context>) {
        inner();
    }

    #[llmobs::task(parent = llmobs::current())]
    fn under_current() {}

    #[llmobs::task(parent = parent, skip_all)]
    fn iterator(parent: llmobs::Context) -> impl Iterator<Item = u8> {
        [1, 2].into_iter().inspect(|_| inner())
    }

    #[llmobs::task]
    fn inner() {}

    #[test]
    fn is_that_of_the_option() {
        let tree = expect![[r#"
            workflow elsewhere
            ├─ task under_span
            │  └─ task inner
            ├─ task under_option
            │  └─ task inner
            └─ task iterator  out [1,2]
               ├─ task inner
               └─ task inner
            workflow here
            ├─ task under_option
            │  └─ task inner
            └─ task under_current
        "#]];
        let collector = Collector::new();
        let elsewhere = collector.enter(|| llmobs::workflow("elsewhere").start());
        // No span is current here: only the option `parent` decides the trace.
        under_span(&elsewhere);
        pollster::block_on(under_option(Some(elsewhere.context())));
        assert_eq!(iterator(elsewhere.context()).count(), 2);
        drop(elsewhere);
        let here = collector.enter(|| llmobs::workflow("here").start());
        here.enter(|| {
            pollster::block_on(under_option(None));
            under_current();
        });
        drop(here);
        tree.assert_eq(&collector.tree());
    }
}

mod expressions {
    use super::*;

    #[llmobs::task]
    fn traced() -> &'static str {
        "traced"
    }

    #[llmobs::task(
        name = { traced() },
        session_id = text.parse::<u8>().unwrap().to_string(),
        tags(length = text.len(), first = text.chars().next().unwrap()),
        metrics(half = 1 / ret.len()),
        metadata(rest = text.as_bytes()[1])
    )]
    fn fragile(text: &str) -> String {
        text.to_owned()
    }

    /// An expression that panics is ignored, and no expression starts a span.
    #[test]
    fn may_panic_and_start_no_spans() {
        let events = events(|| assert_eq!(fragile(""), ""));
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0]["name"], &events[0]["status"]), (&json!("traced"), &json!("ok")));
        assert_eq!(tags(&events[0], &["length", "first", "session_id"]), ["length:0"]);
        assert_eq!((&events[0]["metrics"], &events[0]["meta"]["metadata"]), (&json!({}), &json!({})));
    }
}

mod renamed {
    use super::*;

    mod reexport {
        pub(crate) use ::llmobs as inner;
    }

    #[reexport::inner::task(crate = reexport::inner, name = "renamed")]
    fn by_another_path(text: &str) -> usize {
        text.len()
    }

    #[reexport::inner::task(crate = crate::options::renamed::reexport::inner, fold = |sum: &mut usize, number| *sum += number)]
    fn iterator_by_another_path(to: usize) -> impl Iterator<Item = usize> {
        0..to
    }

    #[test]
    fn crates_are_reached_by_their_path() {
        let tree = expect![[r#"
            task renamed  in {"text":"abc"}  out 3
            task iterator_by_another_path  in {"to":4}  out 6
        "#]];
        check(
            || {
                assert_eq!(by_another_path("abc"), 3);
                assert_eq!(iterator_by_another_path(4).count(), 4);
            },
            &tree,
        );
    }
}

mod track_caller {
    use super::*;
    use std::panic::{AssertUnwindSafe, Location, catch_unwind};

    #[llmobs::task]
    #[track_caller]
    fn location(fail: bool) -> &'static Location<'static> {
        inner();
        assert!(!fail, "as asked");
        Location::caller()
    }

    #[llmobs::task]
    fn inner() {}

    #[test]
    fn keeps_the_location_of_the_call() {
        let tree = expect![[r#"
            task location  in {"fail":false}
            └─ task inner
            task location  in {"fail":true}  error panic: the function panicked
            └─ task inner
        "#]];
        check(
            || {
                let (here, line) = (location(false), line!());
                assert_eq!((here.file(), here.line()), (file!(), line));
                catch_unwind(AssertUnwindSafe(|| location(true))).expect_err("it panics");
            },
            &tree,
        );
    }
}
