//! What the attributes capture, and that they leave functions as they are.

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::rc::Rc;

use expect_test::expect;
use serde::Serialize;

use crate::support::{check, first_event};

mod kinds_and_nesting {
    use super::*;

    #[llmobs::agent]
    fn agent(question: &str) -> String {
        format!("{}!", workflow(question, 2))
    }

    #[llmobs::workflow]
    fn workflow(question: &str, limit: usize) -> String {
        task();
        tool("DD_SITE");
        let _ = embedding(&[question]);
        let found = retrieval(question);
        llm(&found[..limit].join(" "))
    }

    #[llmobs::task]
    fn task() {}

    #[llmobs::tool]
    fn tool(variable: &str) -> Option<&str> {
        Some(variable)
    }

    #[llmobs::embedding]
    fn embedding(texts: &[&str]) -> Vec<[f32; 3]> {
        vec![[0.0, 0.5, 1.0]; texts.len()]
    }

    #[llmobs::retrieval]
    fn retrieval(query: &str) -> Vec<String> {
        query.split(' ').map(str::to_uppercase).collect()
    }

    #[llmobs::llm]
    fn llm(prompt: &str) -> String {
        prompt.to_lowercase()
    }

    #[test]
    fn each_kind_captures_input_and_output() {
        let tree = expect![[r#"
            agent agent  in {"question":"Ask me now"}  out ask me!
            └─ workflow workflow  in {"question":"Ask me now","limit":2}  out ask me
               ├─ task task
               ├─ tool tool  in {"variable":"DD_SITE"}  out DD_SITE
               ├─ embedding embedding  in Ask me now  out [1 embedding(s) returned with size 3]
               ├─ retrieval retrieval  in {"query":"Ask me now"}  out ASK | ME | NOW
               └─ llm llm  in user: ASK ME  out assistant: ask me
        "#]];
        check(|| assert_eq!(agent("Ask me now"), "ask me!"), &tree);
    }
}

mod options {
    use super::*;

    struct Request {
        session: Option<String>,
        app: String,
        evaluated: Cell<u32>,
    }

    impl Request {
        fn count(&self, text: &'static str) -> &'static str {
            self.evaluated.set(self.evaluated.get() + 1);
            text
        }
    }

    #[llmobs::llm(
        name = format!("call {}", request.app),
        session_id = request.session,
        ml_app = request.app,
        model_name = request.count("gpt-4o"),
        model_provider = "OpenAI",
        skip(request),
    )]
    fn with_all(request: Request, prompt: &str) -> u32 {
        let evaluated = request.evaluated.get();
        drop(request);
        evaluated + u32::try_from(prompt.len()).unwrap()
    }

    fn request(session: Option<&str>) -> Request {
        Request { session: session.map(str::to_owned), app: "shop".to_owned(), evaluated: Cell::new(0) }
    }

    #[test]
    fn are_evaluated_once_before_the_body_and_borrow() {
        let event = first_event(|| assert_eq!(with_all(request(Some("s-1")), "four"), 1 + 4));
        assert_eq!(event["name"], "call shop");
        assert_eq!(event["session_id"], "s-1");
        assert_eq!(event["meta"]["model_name"], "gpt-4o");
        assert_eq!(event["meta"]["model_provider"], "openai");
        assert_eq!(event["meta"]["input"]["messages"][0]["content"], "four");
        let tags = event["tags"].as_array().unwrap();
        assert!(tags.contains(&"ml_app:shop".into()) && tags.contains(&"session_id:s-1".into()), "{tags:?}");
    }

    #[test]
    fn of_none_are_as_if_not_given() {
        let event = first_event(|| assert_eq!(with_all(request(None), ""), 1));
        assert_eq!(event.get("session_id"), None);
    }

    #[test]
    fn are_not_evaluated_when_disabled() {
        own_process!();
        assert_eq!(with_all(request(None), ""), 0);
    }

    #[llmobs::task(name = name.as_ref())]
    fn optional_name(name: Option<String>) {
        drop(name);
    }

    #[expect(clippy::ref_option, reason = "to see that the option takes one")]
    #[llmobs::task(name = name)]
    fn borrowed_optional_name(name: &Option<String>) {
        let _ = name;
    }

    #[llmobs::task(skip(secret))]
    fn skips_one(secret: &str, shown: u8) {
        let _ = (secret, shown);
    }

    #[llmobs::task(skip_all)]
    fn skips_all(secret: &str, other: u8) -> u8 {
        other + u8::try_from(secret.len()).unwrap()
    }

    #[llmobs::task(skip_output)]
    fn skips_output(shown: u8) -> Result<&'static str, &'static str> {
        if shown == 0 { Err("errors are still seen") } else { Ok("hidden") }
    }

    struct Json<T>(T);

    struct Pair {
        id: u8,
        other: u8,
    }

    #[llmobs::task(name = format!("{first} {session}"), session_id = session, skip_all)]
    fn destructured(
        Json(session): Json<String>,
        (mut first, _second): (u8, u8),
        Pair { id, other }: Pair,
    ) -> u8 {
        first += id - other + u8::try_from(session.len()).unwrap();
        first
    }

    struct Opaque;

    #[llmobs::task(skip(self, opaque))]
    fn skipping_self_is_allowed(opaque: Opaque) {
        let Opaque = opaque;
    }

    #[test]
    fn choose_what_is_captured() {
        let tree = expect![[r#"
            task given  in {"name":"given"}
            task optional_name  in {"name":null}
            task borrowed  in {"name":"borrowed"}
            task skips_one  in {"shown":1}
            task skips_all  out 8
            task skips_output  in {"shown":1}
            task skips_output  in {"shown":0}  error &str: errors are still seen
            task skipping_self_is_allowed
            task 1 s  out 5
        "#]];
        check(
            || {
                optional_name(Some("given".to_owned()));
                optional_name(None);
                borrowed_optional_name(&Some("borrowed".to_owned()));
                skips_one("hunter2", 1);
                skips_all("hunter2", 1);
                assert_eq!(skips_output(1), Ok("hidden"));
                assert_eq!(skips_output(0), Err("errors are still seen"));
                skipping_self_is_allowed(Opaque);
                destructured(Json("s".to_owned()), (1, 2), Pair { id: 7, other: 4 });
            },
            &tree,
        );
    }
}

mod signatures {
    use super::*;

    struct Store {
        rows: Vec<String>,
    }

    impl Store {
        #[llmobs::task]
        fn by_ref(&self, index: usize) -> &str {
            &self.rows[index]
        }

        #[llmobs::task]
        fn by_mut(&mut self, row: &str) -> &mut String {
            self.rows.push(row.to_owned());
            self.rows.last_mut().unwrap()
        }

        #[llmobs::task]
        fn by_value(mut self) -> Vec<String> {
            self.rows.sort();
            self.rows
        }

        #[llmobs::task]
        fn by_rc(self: Rc<Self>) -> usize {
            self.rows.len()
        }
    }

    #[llmobs::task]
    fn generic<'a, T, const N: usize>(items: &'a [T; N], with: impl Fn(&T) -> bool) -> Option<&'a T>
    where
        T: Clone + Debug + 'a,
    {
        items.iter().find(|item| with(item))
    }

    #[llmobs::task]
    fn patterns(
        (a, b): (u8, u8),
        [first, ..]: [u8; 2],
        mut total: u32,
        _: &str,
        Wrapper(inner): Wrapper,
    ) -> u32 {
        total += u32::from(a) + u32::from(b) + u32::from(first) + inner;
        total
    }

    #[derive(Serialize)]
    struct Wrapper(u32);

    #[llmobs::task]
    fn early(value: Option<u8>) -> Option<u8> {
        let value = value?;
        if value > 9 {
            return None;
        }
        Some(value + 1)
    }

    /// `+` on the boxed trait object needs the return type to be known inside.
    #[llmobs::task(skip_all)]
    fn coerced(which: bool) -> Box<dyn Display> {
        if which {
            return Box::new(1);
        }
        Box::new("text")
    }

    #[llmobs::task]
    fn inferred(text: &str) -> Vec<u8> {
        text.split(',').map(|part| part.parse().unwrap_or_default()).collect()
    }

    #[llmobs::task]
    fn partly_opaque(fail: bool) -> Result<impl Debug, std::num::ParseIntError> {
        let number: u8 = if fail { "x" } else { "7" }.parse()?;
        Ok(number)
    }

    #[llmobs::task]
    fn inner_attribute(a: u8) -> u8 {
        #![expect(clippy::let_and_return, reason = "to see that it stays where it is")]
        let b = a;
        b
    }

    #[llmobs::task]
    fn r#match(r#type: u8) -> u8 {
        r#type
    }

    trait Greets {
        #[llmobs::task]
        fn greet(&self, name: &str) -> String {
            format!("hello {name}")
        }
    }
    impl Greets for Store {}

    #[test]
    fn work_as_without_the_attribute() {
        let tree = expect![[r#"
            task by_ref  in {"index":0}  out b
            task by_mut  in {"row":"a"}  out a
            task by_rc  out 1
            task by_value  out ["ac","b"]
            task generic  in {"items":"[\"x\", \"yy\"]","with":"<it::attributes::signatures::work_as_without_the_attribute::{{closure}}::{{closure}}>"}  out Some("yy")
            task patterns  in {"a":1,"b":2,"first":3,"total":10,"inner":5}  out 21
            task early  in {"value":3}  out 4
            task early  in {"value":12}
            task coerced  out <alloc::boxed::Box<dyn core::fmt::Display>>
            task inferred  in {"text":"1,2"}  out [1,2]
            task partly_opaque  in {"fail":false}  out 7
            task partly_opaque  in {"fail":true}  error core::num::error::ParseIntError: invalid digit found in string
            task inner_attribute  in {"a":1}  out 1
            task match  in {"type":2}  out 2
            task greet  in {"name":"you"}  out hello you
        "#]];
        let program = || {
            let mut store = Store { rows: vec!["b".to_owned()] };
            assert_eq!(store.by_ref(0), "b");
            store.by_mut("a").push('c');
            assert_eq!(Rc::new(Store { rows: vec![String::new()] }).by_rc(), 1);
            assert_eq!(store.by_value(), ["ac", "b"]);
            assert_eq!(generic(&["x", "yy"], |item| item.len() == 2), Some(&"yy"));
            assert_eq!(patterns((1, 2), [3, 4], 10, "", Wrapper(5)), 21);
            assert_eq!(early(Some(3)), Some(4));
            assert_eq!(early(Some(12)), None);
            assert_eq!(coerced(true).to_string(), "1");
            assert_eq!(inferred("1,2"), [1, 2]);
            assert!(partly_opaque(false).is_ok());
            assert!(partly_opaque(true).is_err());
            inner_attribute(1);
            r#match(2);
            Store { rows: Vec::new() }.greet("you");
        };
        check(program, &tree);
    }
}
