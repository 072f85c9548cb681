//! Calls of models that an integration observes, together with attributes and manual spans: one call is one span. The table of
//! `docs/model_calls.md` names these tests.

#![allow(clippy::items_after_statements, reason = "functions are next to the calls that they make")]

use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt as _, stream};
use llmobs::integration::{AttributeName, ModelCall, SpanAttributes};
use llmobs::providers::{Endpoint, Protocol};
use llmobs::testing::Collector;
use llmobs::{Config, Kind};
use serde_json::{Value, json};

/// A call of a model as a layer of an HTTP client observes it.
struct Observed {
    call: ModelCall,
    endpoint: Endpoint,
}

/// Begins a call that asks a question.
fn ask(question: &str) -> Observed {
    ask_with(question, &json!({}))
}

/// Begins a call that asks a question with other parameters, too.
fn ask_with(question: &str, parameters: &Value) -> Observed {
    ask_at("api.openai.com", question, parameters)
}

/// Begins a call of the model of another host.
fn ask_at(host: &str, question: &str, parameters: &Value) -> Observed {
    let endpoint = Endpoint::of(host, "/v1/chat/completions").unwrap();
    let mut call = ModelCall::begin(Kind::Llm, "OpenAI.createChatCompletion", "openai");
    let body = json!({
        "model": "gpt-4o",
        "temperature": 0.5,
        "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": question }],
    });
    let body = with(body, parameters);
    call.request(endpoint.clone(), body.to_string());
    Observed { call, endpoint }
}

impl Observed {
    /// Ends the call with an answer.
    fn answer(self, text: &str) -> String {
        self.answer_with(text, &json!({}))
    }

    /// Ends the call with an answer that has other data, too.
    fn answer_with(mut self, text: &str, more: &Value) -> String {
        let body = json!({
            "model": "gpt-4o-2024-08-06",
            "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 9, "completion_tokens": 2 },
        });
        self.read(200, &with(body, more));
        self.call.finish();
        text.to_owned()
    }

    /// Ends the call with an error.
    fn refuse(mut self) -> String {
        let error = json!({ "error": { "type": "rate_limit_error", "message": "Slow down." } });
        self.read(429, &error);
        self.call.finish();
        "refused".to_owned()
    }

    /// Ends the call without an answer.
    fn lose(mut self) {
        self.call.fail("timeout", "No answer.");
        self.call.finish();
    }

    fn read(&mut self, status: u16, body: &Value) {
        let mut reader = self.endpoint.reader().status(status);
        reader.push(body.to_string().as_bytes());
        self.call.response(reader.finish());
    }
}

/// An object with the fields of another one.
fn with(mut object: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(more);
    object
}

/// The spans of `run`, as a tree.
fn tree(run: impl FnOnce()) -> String {
    let collector = Collector::new();
    collector.enter(run);
    collector.tree()
}

/// The tokens of all spans of `run`.
fn input_tokens(run: impl FnOnce()) -> u64 {
    let collector = Collector::new();
    collector.enter(run);
    collector.events().iter().filter_map(|event| event["metrics"]["input_tokens"].as_u64()).sum()
}

fn event(run: impl FnOnce()) -> Value {
    let collector = Collector::new();
    collector.enter(run);
    let [event] = &*collector.events() else { panic!("one span: {}", collector.tree()) };
    event.clone()
}

const CALL: &str = "llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  out assistant: Hello";

/// Records a call that embeds two texts.
fn embed() {
    let endpoint = Endpoint::of("api.openai.com", "/v1/embeddings").unwrap();
    assert_eq!(endpoint.protocol, Protocol::OpenAiEmbeddings);
    let mut call = ModelCall::begin(Kind::Embedding, "OpenAI.createEmbedding", "openai");
    let mut reader = endpoint.reader();
    call.request(endpoint, r#"{"model":"small","input":["a","b"]}"#.to_owned());
    reader.push(br#"{"object":"list","data":[{"object":"embedding","embedding":[1,2,3]},{"object":"embedding","embedding":[4,5,6]}]}"#);
    call.first_token();
    call.response(reader.finish());
    call.finish();
}

#[llmobs::llm]
fn complete(question: &str) -> String {
    ask(question).answer("Hello")
}

/// Keeps a call after its end. Returns the longest time that it can have taken, and the duration of its span.
fn keep(run: impl FnOnce(&mut dyn FnMut(ModelCall))) -> (Duration, Duration) {
    let collector = Collector::new();
    let _entered = collector.attach();
    let began = Instant::now();
    let mut most = Duration::ZERO;
    run(&mut |mut call| {
        call.ends_now();
        most = began.elapsed();
        while began.elapsed() < 3 * most + Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        call.finish();
    });
    let events = collector.events();
    let event = events.iter().find(|event| event["name"] == "OpenAI.createChatCompletion").unwrap();
    (most, Duration::from_nanos(event["duration"].as_u64().unwrap()))
}

#[test]
fn a_call_that_is_finished_later_has_the_end_that_was_set() {
    let alone = keep(|end| end(ask("Hi").call));
    let attempt = keep(|end| {
        llmobs::llm("complete").start().enter(|| {
            let mut call = ask("Hi").call;
            call.fail("timeout", "");
            end(call);
            ask("Hi").answer("Hello");
        });
    });
    for (most, shown) in [alone, attempt] {
        assert!(shown <= 2 * most, "{shown:?}, of {most:?} at most");
    }
}

#[test]
fn a_call_alone_is_a_span() {
    let event = event(|| drop(ask("Hi").answer("Hello")));
    assert_eq!(
        event["meta"],
        json!({
            "span": { "kind": "llm" },
            "model_name": "gpt-4o-2024-08-06",
            "model_provider": "openai",
            "input": { "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Hi" },
            ] },
            "output": { "messages": [{ "role": "assistant", "content": "Hello" }] },
            "metadata": { "temperature": 0.5, "finish_reason": "stop" },
        })
    );
    assert_eq!(event["metrics"], json!({ "input_tokens": 9, "output_tokens": 2, "total_tokens": 11 }));
    let tags = event["tags"].to_string();
    assert!(tags.contains("\"source:integration\"") && tags.contains("\"integration:openai\""), "{tags}");
    assert!(!tags.contains("decorator"), "{tags}");
}

#[test]
fn a_call_in_a_span_of_another_kind_is_its_child() {
    #[llmobs::agent]
    fn assistant() {
        ask("Hi").answer("Hello");
    }
    assert_eq!(tree(assistant), format!("agent assistant\n└─ {CALL}\n"));
}

#[test]
fn an_attribute_and_a_call_are_one_span() {
    let event = event(|| drop(complete("Hi")));
    assert_eq!(event["name"], "complete");
    assert_eq!(event["meta"]["model_name"], "gpt-4o-2024-08-06");
    assert_eq!(event["meta"]["input"]["messages"][0]["content"], "Be brief.");
    assert_eq!(event["meta"]["output"]["messages"], json!([{ "role": "assistant", "content": "Hello" }]));
    assert_eq!(event["metrics"], json!({ "input_tokens": 9, "output_tokens": 2, "total_tokens": 11 }));
    let tags = event["tags"].to_string();
    assert!(tags.contains("\"decorator:1\"") && tags.contains("\"integration:openai\""), "{tags}");
}

#[test]
fn a_manual_span_and_a_call_are_one_span() {
    let manual = || {
        let span = llmobs::llm("by hand").model_name("mine").start();
        span.enter(|| ask("Hi").answer("Hello"));
        span.annotate(|note| {
            note.metric("input_tokens", 7);
        });
        span.finish();
    };
    let event = event(manual);
    assert_eq!(event["meta"]["model_name"], "mine");
    assert_eq!(event["meta"]["model_provider"], "openai");
    assert_eq!(event["metrics"], json!({ "input_tokens": 7, "output_tokens": 2, "total_tokens": 11 }));
    assert_eq!(event["meta"]["output"]["messages"][0]["content"], "Hello");
}

#[test]
fn manual_annotations_win() {
    #[llmobs::llm(model_name = "named", metadata(temperature = 1), metrics(output_tokens = 3))]
    fn annotated() {
        ask("Hi").answer("Hello");
        llmobs::annotate(|note| {
            note.input("my input").output("my output").tag("integration", "mine");
        });
    }
    let event = event(annotated);
    assert_eq!(event["meta"]["model_name"], "named");
    assert_eq!(event["meta"]["input"]["messages"][0]["content"], "my input");
    assert_eq!(event["meta"]["output"]["messages"][0]["content"], "my output");
    assert_eq!(event["meta"]["metadata"], json!({ "temperature": 1, "finish_reason": "stop" }));
    assert_eq!(event["metrics"], json!({ "input_tokens": 9, "output_tokens": 3, "total_tokens": 11 }));
    assert!(event["tags"].to_string().contains("\"integration:mine\""));
}

#[test]
fn the_options_input_and_output_win() {
    #[llmobs::llm(input = question.len(), output = ret.len())]
    fn measured(question: &str) -> String {
        ask(question).answer("Hello")
    }
    let tree = tree(|| drop(measured("Hi")));
    assert_eq!(tree, "llm measured  in user: 2  out assistant: 5\n");
}

#[test]
fn skipped_values_are_not_recorded() {
    #[llmobs::llm(skip_all, skip_output)]
    fn secretive(question: &str) -> String {
        ask(question).answer("Hello")
    }
    #[llmobs::llm(redact(question))]
    fn redacted(question: &str) -> String {
        ask(question).answer("Hello")
    }
    // It is recorded neither next to the messages nor on the spans of several calls.
    #[llmobs::llm(skip_all, skip_output)]
    fn several(question: &str) -> String {
        ask_with(question, &json!({ "user": "Ann", "top_k": 3, "prediction": { "content": question } }))
            .refuse();
        ask(question).answer("Hello");
        ask(question).answer_with("Hello", &json!({ "citations": [{ "cited_text": "Hello" }] }))
    }
    #[llmobs::llm(skip_all, skip_output)]
    fn beside(question: &str) -> String {
        ask_with(question, &json!({ "user": "Ann", "top_k": 3, "prediction": { "content": question } }))
            .answer_with("Hello", &json!({ "citations": [{ "cited_text": "Hello" }] }))
    }
    // An argument that is not content of the call, such as a client, can be skipped.
    #[llmobs::llm(skip(_client))]
    fn with_client(_client: &str, question: &str) -> String {
        ask(question).answer("Hello")
    }
    let hidden = event(|| drop(secretive("Hi")));
    assert_eq!(hidden["meta"]["input"], Value::Null);
    assert_eq!(hidden["meta"]["output"], Value::Null);
    assert_eq!(hidden["meta"]["model_name"], "gpt-4o-2024-08-06");
    assert_eq!(hidden["metrics"]["input_tokens"], 9);
    for run in [several, beside] {
        let collector = Collector::new();
        collector.enter(|| drop(run("Hi")));
        let events = serde_json::to_string(&collector.events()).unwrap();
        for secret in ["\"Hi\"", "Hello", "Ann", "Be brief."] {
            assert!(!events.contains(secret), "{secret} in {events}");
        }
        assert!(events.contains("\"temperature\":0.5"), "{events}");
    }
    #[llmobs::llm(skip_error)]
    fn discreet(question: &str) -> String {
        ask(question).refuse();
        ask(question).answer("Hello");
        ask(question).lose();
        "Hello".to_owned()
    }
    let discreet = tree(|| drop(discreet("Hi")));
    assert!(
        discreet.contains("error rate_limit_error\n") && discreet.contains("error timeout\n"),
        "{discreet}"
    );
    #[llmobs::embedding(skip_output)]
    fn vectors(_text: &str) {
        embed();
    }
    assert_eq!(tree(|| vectors("Hi")), "embedding vectors  in a | b\n");
    let redacted = tree(|| drop(redacted("Hi")));
    assert_eq!(redacted, "llm redacted  in user: [redacted]  out assistant: Hello\n");
    let shown = tree(|| drop(with_client("client", "Hi")));
    assert_eq!(shown, "llm with_client  in system: Be brief. | user: Hi  out assistant: Hello\n");
}

#[test]
fn two_calls_at_once_are_two_spans() {
    #[llmobs::llm]
    fn race() -> String {
        let (first, second) = (ask("Hi"), ask("Ho"));
        second.answer("B");
        first.answer("A")
    }
    let expected = "llm race  out assistant: A\n\
        ├─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  out assistant: A\n\
        └─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Ho  out assistant: B\n";
    assert_eq!(tree(|| drop(race())), expected);
}

#[test]
fn two_calls_in_a_row_are_two_spans() {
    #[llmobs::llm]
    fn twice() -> String {
        ask("Hi").answer("A") + &ask("Ho").answer("B")
    }
    let expected = "llm twice  out assistant: AB\n\
        ├─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  out assistant: A\n\
        └─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Ho  out assistant: B\n";
    assert_eq!(tree(|| drop(twice())), expected);
}

#[test]
fn tokens_of_an_answer_returned_after_several_calls_are_counted_once() {
    fn last_answer() -> Value {
        ask("Hi").answer("A");
        ask("Ho").answer("B");
        json!({
            "model": "gpt-4o",
            "choices": [{ "message": { "role": "assistant", "content": "B" } }],
            "usage": { "prompt_tokens": 9, "completion_tokens": 2 },
        })
    }
    #[llmobs::llm]
    fn last() -> Value {
        last_answer()
    }
    #[llmobs::llm]
    fn streamed() -> impl Stream<Item = Value> {
        stream::once(async { last_answer() })
    }
    let manual = || {
        let span = llmobs::llm("by hand").start();
        let answer = span.enter(last_answer);
        span.annotate(|note| {
            note.output(answer);
        });
    };
    assert_eq!(input_tokens(|| drop(last())), 18);
    assert_eq!(input_tokens(|| drop(pollster::block_on(Box::pin(streamed()).collect::<Vec<_>>()))), 18);
    assert_eq!(input_tokens(manual), 18);
}

#[test]
fn a_dropped_call_is_an_attempt_if_another_call_follows() {
    #[llmobs::llm]
    fn patient(question: &str) -> String {
        drop(ask(question));
        ask(question).answer("Hello")
    }
    let expected = "llm patient  in system: Be brief. | user: Hi  out assistant: Hello\n\
        └─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  cancelled\n";
    assert_eq!(tree(|| drop(patient("Hi"))), expected);
}

#[test]
fn a_rerank_is_a_step_of_a_retrieval() {
    #[llmobs::retrieval(skip_all)]
    fn search(_question: &str) -> Vec<&'static str> {
        let endpoint = Endpoint::of("api.cohere.com", "/v2/rerank").unwrap();
        let mut call = ModelCall::begin(Kind::Retrieval, "cohere.request", "cohere");
        let mut reader = endpoint.reader();
        call.request(endpoint, r#"{"model":"r","query":"Hi","documents":["a","b"]}"#.to_owned());
        reader.push(br#"{"id":"1","results":[{"index":1,"relevance_score":0.5}]}"#);
        call.response(reader.finish());
        call.finish();
        vec!["b"]
    }
    let tree = tree(|| drop(search("Hi")));
    assert!(tree.starts_with("retrieval search  out b\n└─ retrieval cohere.request  in Hi  out "), "{tree}");
}

#[test]
fn a_stream_that_is_dropped_is_one_span() {
    #[llmobs::llm]
    fn words(question: &str) -> impl Stream<Item = String> {
        let mut call = None;
        stream::poll_fn(move |_| {
            call.get_or_insert_with(|| ask(question));
            Poll::Ready(Some("word".to_owned()))
        })
    }
    #[llmobs::llm]
    async fn later_words(question: &str) -> impl Stream<Item = String> {
        let call = ask(question);
        stream::poll_fn(move |_| {
            let _ = &call;
            Poll::Ready(Some("word".to_owned()))
        })
    }
    let dropped = || {
        let mut words = Box::pin(words("Hi"));
        pollster::block_on(words.next());
    };
    assert_eq!(tree(dropped), "llm words  in system: Be brief. | user: Hi  out assistant: word  cancelled\n");
    let dropped = || {
        let mut words = Box::pin(pollster::block_on(later_words("Hi")));
        pollster::block_on(words.next());
    };
    let expected = "llm later_words  in system: Be brief. | user: Hi  out assistant: word  cancelled\n";
    assert_eq!(tree(dropped), expected);
}

#[test]
fn failed_attempts_are_children_of_the_span_with_the_last_attempt() {
    #[llmobs::llm]
    fn persistent(question: &str) -> String {
        ask(question).refuse();
        ask(question).refuse();
        ask(question).answer("Hello")
    }
    let attempt = "llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  error rate_limit_error: Slow down.";
    let expected = format!(
        "llm persistent  in system: Be brief. | user: Hi  out assistant: Hello\n├─ {attempt}\n└─ {attempt}\n"
    );
    let collector = Collector::new();
    collector.enter(|| drop(persistent("Hi")));
    assert_eq!(collector.tree(), expected);
    // Each attempt has its own time, although its span is created later.
    let events = collector.events();
    let time = |name: &str, event: &Value| event[name].as_u64().unwrap();
    let attempts: Vec<_> = events.iter().filter(|event| event["name"] != "persistent").collect();
    let [first, second] = *attempts else { panic!("two attempts") };
    assert!(time("start_ns", first) + time("duration", first) <= time("start_ns", second), "{events:?}");
}

#[test]
fn a_failed_call_in_a_function_that_succeeds_is_a_child() {
    #[llmobs::llm]
    fn forgiving() -> String {
        ask("Hi").refuse()
    }
    let expected = "llm forgiving  out assistant: refused\n\
        └─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  error rate_limit_error: Slow down.\n";
    assert_eq!(tree(|| drop(forgiving())), expected);
}

#[test]
fn a_failed_call_in_a_function_that_fails_is_one_span() {
    #[llmobs::llm]
    fn strict(question: &str) -> Result<String, String> {
        Err(ask(question).refuse())
    }
    #[llmobs::llm(name = "strict")]
    fn strict_without_answer(question: &str) -> Result<String, String> {
        ask(question).lose();
        Err("refused".to_owned())
    }
    let expected = "llm strict  in system: Be brief. | user: Hi  error alloc::string::String: refused\n";
    for run in [strict, strict_without_answer] {
        assert_eq!(tree(|| drop(run("Hi"))), expected);
    }
}

#[test]
fn a_call_that_outlives_its_enclosing_span_is_a_child() {
    let late = || {
        let span = llmobs::llm("begin").start();
        let call = span.enter(|| ask("Hi"));
        span.finish();
        llmobs::task("after").start().finish();
        call.answer("Hello");
    };
    assert_eq!(tree(late), format!("llm begin\n└─ {CALL}\ntask after\n"));
    // Skipped values are not recorded in this case either.
    #[llmobs::llm(skip_output)]
    fn begin(question: &str) -> Observed {
        ask(question)
    }
    let hidden = tree(|| drop(begin("Hi").answer("Hello")));
    assert_eq!(
        hidden,
        format!("llm begin  in user: Hi\n└─ {}\n", CALL.replace("  out assistant: Hello", ""))
    );
}

#[test]
fn a_dropped_call_is_cancelled() {
    #[llmobs::llm]
    fn impatient(question: &str) {
        drop(ask(question));
    }
    let alone = tree(|| drop(ask("Hi")));
    assert_eq!(alone, "llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  cancelled\n");
    let failed = || {
        let mut call = ask("Hi").call;
        call.fail("timeout", "No answer.");
    };
    let expected =
        "llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  error timeout: No answer.\n";
    assert_eq!(tree(failed), expected);
    assert_eq!(tree(|| impatient("Hi")), "llm impatient  in system: Be brief. | user: Hi  cancelled\n");
}

#[test]
fn two_integrations_that_observe_one_call_record_one_span() {
    let nested = || {
        let outer = ask("Hi");
        let inner = outer.call.context().enter(|| ask("Hi"));
        inner.answer("Hello");
        outer.answer("Hello");
    };
    assert_eq!(tree(nested), format!("{CALL}\n"));
}

/// Begins a call as a library describes it in the attributes of its span.
fn described() -> ModelCall {
    let mut call = ModelCall::begin(Kind::Llm, "chat", "rig");
    let mut attributes = SpanAttributes::new(4096);
    for (name, value) in [
        ("gen_ai.provider.name", "groq"),
        ("gen_ai.request.model", "alias"),
        ("gen_ai.request.seed", "7"),
        ("gen_ai.input.messages", r#"[{"role":"user","content":"less"}]"#),
    ] {
        attributes.text(&AttributeName::new(name), value);
    }
    for name in ["gen_ai.usage.input_tokens", "gen_ai.usage.reasoning.output_tokens"] {
        attributes.count(&AttributeName::new(name), 1);
    }
    attributes.value(&AttributeName::new("gen_ai.usage.cost"), 0.25);
    call.attributes(attributes, true, false);
    call
}

#[test]
fn data_of_a_library_is_added_to_the_observed_call() {
    let ask_locally = || ask_at("localhost", "Hi", &json!({}));
    let expected = |event: &Value| {
        assert_eq!(event["meta"]["input"]["messages"][1]["content"], "Hi");
        assert_eq!(event["meta"]["output"]["messages"][0]["content"], "Hello");
        // The model and the tokens are those of the answer. The provider and the cost are those of the library.
        assert_eq!(event["meta"]["model_name"], "gpt-4o-2024-08-06");
        assert_eq!(event["meta"]["model_provider"], "groq");
        assert_eq!(
            event["metrics"],
            json!({ "input_tokens": 9, "output_tokens": 2, "total_tokens": 11, "total_cost": 0.25 })
        );
        assert_eq!(
            event["meta"]["metadata"],
            json!({ "finish_reason": "stop", "seed": 7, "temperature": 0.5 })
        );
    };
    expected(&event(|| {
        let outer = described();
        outer.context().enter(|| ask_locally().answer("Hello"));
        outer.finish();
    }));
    // The library's span ends before the body does.
    expected(&event(|| {
        let outer = described();
        let inner = outer.context().enter(ask_locally);
        outer.finish();
        inner.answer("Hello");
    }));
    // The program has a span, too.
    expected(&event(|| {
        let step = llmobs::llm("complete").start();
        let outer = step.enter(described);
        let inner = outer.context().enter(ask_locally);
        outer.finish();
        inner.answer("Hello");
    }));
    expected(&event(|| {
        let step = llmobs::llm("complete").start();
        let outer = step.enter(described);
        outer.context().enter(|| ask_locally().answer("Hello"));
        outer.finish();
    }));
}

#[test]
fn a_span_of_a_library_ends_with_the_call_inside() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let outer = described();
    let inner = outer.context().enter(|| ask("Hi"));
    outer.finish();
    assert_eq!(collector.tree(), "");
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    inner.answer("Hello");
    assert_eq!(collector.tree(), "llm chat  in system: Be brief. | user: Hi  out assistant: Hello\n");
    assert!(collector.spans()[0].duration() >= Duration::from_millis(2));
    // The same holds for a call that is discarded or dropped.
    let outer = described();
    let inner = outer.context().enter(|| ask("Hi"));
    outer.finish();
    inner.call.discard();
    let outer = described();
    let inner = outer.context().enter(|| ask("Hi"));
    outer.finish();
    drop(inner);
    let tree = collector.tree();
    let mut lines = tree.lines().skip(1);
    assert_eq!(lines.next(), Some("llm chat  in user: less"));
    assert_eq!(lines.next(), Some("llm chat  in system: Be brief. | user: Hi  cancelled"));
}

#[test]
fn an_attribute_and_several_integrations_are_one_span() {
    #[llmobs::llm]
    fn layered(question: &str) -> String {
        let outer = ask(question);
        let middle = outer.call.context().enter(|| ask(question));
        let inner = middle.call.context().enter(|| ask(question));
        inner.answer("Hello");
        middle.answer("Hello");
        outer.answer("Hello")
    }
    let event = event(|| drop(layered("Hi")));
    assert_eq!(event["name"], "layered");
    assert_eq!(event["meta"]["output"]["messages"], json!([{ "role": "assistant", "content": "Hello" }]));
    assert_eq!(event["metrics"], json!({ "input_tokens": 9, "output_tokens": 2, "total_tokens": 11 }));
    assert!(!event["tags"].to_string().contains("cancelled"));
}

#[test]
fn attempts_inside_another_integration_are_recorded() {
    #[llmobs::llm]
    fn persistent(question: &str) -> String {
        let outer = ask(question);
        outer.call.context().enter(|| {
            ask(question).refuse();
            ask(question).answer("Hello")
        });
        outer.answer("Hello")
    }
    let expected = "llm persistent  in system: Be brief. | user: Hi  out assistant: Hello\n\
        └─ llm OpenAI.createChatCompletion  in system: Be brief. | user: Hi  error rate_limit_error: Slow down.\n";
    assert_eq!(tree(|| drop(persistent("Hi"))), expected);
}

#[test]
fn two_calls_at_once_with_two_integrations_are_two_spans() {
    #[llmobs::llm]
    fn race() -> String {
        let (first, second) = (ask("Hi"), ask("Ho"));
        let inside = |outer: &Observed, question| outer.call.context().enter(|| ask(question));
        let (inner_first, inner_second) = (inside(&first, "Hi"), inside(&second, "Ho"));
        inner_second.answer("B");
        second.answer("B");
        inner_first.answer("A");
        first.answer("A")
    }
    let call = "llm OpenAI.createChatCompletion  in system: Be brief. | user: ";
    // The second one began before the inner part of the first one.
    let expected =
        format!("llm race  out assistant: A\n├─ {call}Ho  out assistant: B\n└─ {call}Hi  out assistant: A\n");
    assert_eq!(tree(|| drop(race())), expected);
}

#[test]
fn a_call_of_another_kind_is_a_separate_span() {
    #[llmobs::llm]
    fn answer() -> String {
        embed();
        ask("Hi").answer("Hello")
    }
    let expected = "llm answer  in system: Be brief. | user: Hi  out assistant: Hello\n\
        └─ embedding OpenAI.createEmbedding  in a | b  out [2 embedding(s) returned with size 3]\n";
    assert_eq!(tree(|| drop(answer())), expected);
}

#[test]
fn tokens_of_an_answer_that_an_attribute_reads_are_counted_once() {
    #[llmobs::llm]
    fn whole(question: &str) -> Value {
        ask(question).answer("Hello");
        json!({
            "model": "gpt-4o",
            "choices": [{ "message": { "role": "assistant", "content": "Hello" } }],
            "usage": { "prompt_tokens": 9, "completion_tokens": 2 },
        })
    }
    let event = event(|| drop(whole("Hi")));
    assert_eq!(event["metrics"], json!({ "input_tokens": 9, "output_tokens": 2, "total_tokens": 11 }));
    assert_eq!(event["meta"]["model_name"], "gpt-4o-2024-08-06");
}

#[test]
fn the_time_to_the_first_token_is_set_once() {
    let timed = || {
        let begun = Instant::now();
        let mut call = ask("Hi");
        call.call.first_token();
        let first = begun.elapsed();
        while begun.elapsed() < first * 2 {}
        call.call.first_token();
        call.answer("Hello");
        first.as_secs_f64()
    };
    let mut first = 0.0;
    let event = event(|| first = timed());
    assert!(event["metrics"]["time_to_first_token"].as_f64().unwrap() <= first, "{event}");
    let embedding = self::event(embed);
    assert_eq!(embedding["metrics"].get("time_to_first_token"), None);
}

#[test]
fn a_prompt_and_tags_of_the_context_are_on_the_span_of_a_call() {
    let prompt = llmobs::prompt::Prompt::new("greeting").version("2");
    let event = event(|| {
        llmobs::annotation_context()
            .prompt(prompt)
            .tag("tenant", "acme")
            .enter(|| drop(ask("Hi").answer("Hello")));
    });
    assert_eq!(event["meta"]["input"]["prompt"]["id"], "greeting");
    assert!(event["tags"].to_string().contains("tenant:acme"));
}

#[test]
fn processors_see_observed_calls() {
    let config = Config::new().processor(|mut span| {
        assert_eq!(span.metric("input_tokens"), Some(9.0));
        if let Some(input) = &mut span.input {
            input.for_each_text(|text| text.replace_range(.., "-"));
        }
        Some(span)
    });
    let collector = Collector::with_config(&config);
    collector.enter(|| drop(complete("Hi")));
    assert_eq!(collector.tree(), "llm complete  in system: - | user: -  out assistant: Hello\n");
}

#[test]
fn nothing_is_recorded_if_llmobs_is_disabled() {
    let call = ModelCall::begin(Kind::Llm, "OpenAI.createChatCompletion", "openai");
    assert!(!call.is_recorded());
    assert_eq!(call.limit(), 0);
    call.finish();
}

/// The page has a row for each of the tests, and names no others.
#[test]
fn the_page_names_each_combination() {
    let page = include_str!("../../docs/model_calls.md");
    let table = page.split("\n## ").find(|section| section.starts_with("One call, one span")).unwrap();
    let mut named: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .flat_map(|row| row.rsplit(" | ").next().unwrap_or_default().split('`').skip(1).step_by(2))
        .collect();
    let source = include_str!("model_calls.rs");
    let mut tests: Vec<&str> = source
        .split("#[test]\nfn ")
        .skip(1)
        .filter_map(|test| Some(test.split_once('(')?.0))
        .filter(|name| *name != "the_page_names_each_combination")
        .collect();
    named.sort_unstable();
    tests.sort_unstable();
    assert_eq!(named, tests);
}
