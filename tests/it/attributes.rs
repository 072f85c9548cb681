//! The values that attributes capture, and functions that they leave unchanged.

use std::cell::Cell;

use expect_test::expect;
use llmobs::content::{Content, Message};
use llmobs::testing::Collector;

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
    fn borrow_arguments_and_are_evaluated_once_before_the_body() {
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
    fn that_are_none_are_ignored() {
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

#[test]
fn s19_annotations_win() {
    #[llmobs::llm]
    fn complete(prompt: &str) -> &str {
        llmobs::annotate(|note| {
            note.input(Message::system("in")).output("out");
        });
        prompt
    }
    let collector = Collector::new();
    collector.enter(|| complete("captured"));
    let span = collector.span("complete");
    assert_eq!(span.input, Some(Content::Messages(vec![Message::system("in")])));
    assert_eq!(span.output, Some(Content::Messages(vec![Message::new("", "out")])));
}
