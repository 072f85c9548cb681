//! Events that are shortened.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use fastrand::Rng;
use llmobs_providers::{Document, MediaPart, Message, ToolCall, ToolDefinition, ToolResult};
use serde_json::{Map, Value, json};

use super::super::dropped::DROPPED_IO;
use super::{Ids, encoded, event, text_of_data};
use crate::base::kind::Kind;
use crate::model::agent::{AgentManifest, AgentTool};
use crate::model::content::Content;
use crate::model::failure::Failure;
use crate::model::limits::{MAX_LINKS, MAX_METADATA, MAX_METRICS, MAX_TAGS};
use crate::model::prompt::{Prompt, TemplateMessage};
use crate::model::reference::SpanRef;
use crate::model::span_data::SpanData;
use crate::model::tags::Identity;

/// A tenth of the default, so that the tests are fast.
const LIMIT: usize = 500_000;
/// The smallest limit. An event without content can be larger than smaller ones.
const LEAST_LIMIT: usize = 3000;

fn data(kind: Kind) -> SpanData {
    Ids::new().span(kind).data(&Identity::default())
}

/// Returns the event of a span. Checks that it is below the limit, and that fixed fields are unchanged.
fn within(limit: usize, span: &SpanData) -> Value {
    let identity = Identity::default();
    let whole = text_of_data(span, &identity, usize::MAX);
    let short = text_of_data(span, &identity, limit);
    if whole.len() < limit {
        assert_eq!(short, whole);
    }
    assert!(short.len() < limit, "{} bytes, with a limit of {limit}: {short:.2000}", short.len());
    let [whole, short] =
        [whole, short].map(|event| serde_json::from_str::<Value>(&event).expect("an event is JSON"));
    for place in [
        "/trace_id",
        "/span_id",
        "/parent_id",
        "/start_ns",
        "/duration",
        "/status",
        "/meta/span/kind",
        "/_dd/span_id",
        "/_dd/trace_id",
        "/_dd/apm_trace_id",
        "/_dd/sampling_decision",
    ] {
        let kept = short.pointer(place);
        assert!(kept.is_some() && kept == whole.pointer(place), "{place}: {kept:?}");
    }
    short
}

/// Checks that only one part of an event was shortened, and returns that part.
fn only(error: &str, part: &str, span: &SpanData) -> Value {
    let mut short = within(LIMIT, span);
    let size = short.to_string().len();
    assert!(size > LIMIT / 2, "too much was left out: {size} bytes");
    let mut whole: Value =
        serde_json::from_str(&text_of_data(span, &Identity::default(), usize::MAX)).unwrap();
    assert_eq!(short.as_object_mut().unwrap().remove("collection_errors"), Some(json!([error])));
    let kept = short.pointer_mut(part).map(Value::take).expect(part);
    *whole.pointer_mut(part).expect(part) = Value::Null;
    assert_eq!(short, whole);
    kept
}

fn large() -> String {
    "x".repeat(700_000)
}

fn many<T>(make: impl Fn(usize) -> T, count: usize) -> impl Iterator<Item = T> {
    (0..count).map(make)
}

fn text(number: usize) -> String {
    format!("{number:0100}")
}

#[test]
fn metadata_is_shortened() {
    let mut span = data(Kind::Task);
    span.input = Some(Content::Text("in".to_owned()));
    span.metadata = Map::from_iter([("large".to_owned(), large().into()), ("small".to_owned(), json!([1]))]);
    let metadata = only("trimmed_metadata", "/meta/metadata", &span);
    assert_eq!(metadata["small"], json!([1]));
    assert!(metadata["large"].as_str().unwrap().len() > LIMIT - 2000);

    span.metadata = many(|number| (number.to_string(), Value::from(text(number))), 10_000).collect();
    let metadata = only("trimmed_metadata", "/meta/metadata", &span);
    let kept = metadata.as_object().unwrap().len() - 1;
    assert_eq!(metadata["…"], format!("[{} of 10000 keys left out]", 10_000 - kept));
    assert_eq!(metadata["7"], text(7));

    span.metadata = Map::from_iter([("numbers".to_owned(), many(Value::from, 200_000).collect())]);
    let metadata = only("trimmed_metadata", "/meta/metadata", &span);
    assert_eq!(metadata["numbers"][1], 1);
}

#[test]
fn tags_are_left_out_except_those_of_llmobs() {
    let mut span = data(Kind::Task);
    let own = span.tags.clone();
    span.tags.extend(many(|number| (format!("key {number}"), text(number)), 7_000));
    span.tags.insert("large".to_owned(), "x".repeat(10_000));
    let tags = only("trimmed_tags", "/tags", &span);
    let tags = tags.as_array().unwrap();
    for (key, value) in own {
        assert!(tags.contains(&format!("{key}:{value}").into()), "{key}");
    }
    assert!(tags.len() > 4_000 && !tags.iter().any(|tag| tag.as_str().unwrap().starts_with("large")));
}

#[test]
fn tags_that_an_annotation_sets_are_left_out() {
    let identity = Identity { service: "shop".to_owned(), ..Identity::default() };
    let span = Ids::new().span(Kind::Task).session_id("s").annotate(|note| {
        note.tag("team", "ml").tags(
            many(|number| (number, text(number).repeat(160)), 200)
                .map(|(key, value)| (format!("{key}{}", "k".repeat(16_000)), value)),
        );
    });
    let event = encoded(&span, &identity);
    assert_eq!(event["collection_errors"], json!(["trimmed_tags"]));
    let tags = event["tags"].as_array().unwrap();
    for tag in ["service:shop", "team:ml", "session_id:s", "ml_app:app"] {
        assert!(tags.contains(&tag.into()), "{tag}");
    }
    assert!((100..170).contains(&tags.len()), "{}", tags.len());
}

#[test]
fn metrics_are_left_out() {
    let mut span = data(Kind::Llm);
    span.output = Some(Content::Messages(vec![Message::assistant("out")]));
    span.metrics = many(|number| (format!("metric number {number}"), number.into()), 40_000).collect();
    span.metrics.insert("input_tokens".to_owned(), 7.into());
    let metrics = only("trimmed_metrics", "/metrics", &span);
    assert_eq!(metrics["input_tokens"], 7);
}

#[test]
fn messages_are_shortened_and_older_ones_left_out() {
    let mut span = data(Kind::Llm);
    span.output = Some(Content::Messages(vec![Message::assistant("out")]));
    let call = ToolCall::new("search", json!({ "query": "x".repeat(90_000), "count": 3 })).tool_id("1");
    span.input = Some(Content::Messages(vec![
        Message::system("You know."),
        Message::user(large()),
        Message::assistant("").tool_call(call),
        Message::tool().tool_result(ToolResult::new("y".repeat(90_000)).tool_id("1")),
    ]));
    let input = only("trimmed_io", "/meta/input", &span);
    let messages = input["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[0], json!({ "role": "system", "content": "You know." }));
    // Smaller parts are unchanged.
    assert_eq!(messages[2]["tool_calls"][0]["arguments"]["query"].as_str().unwrap().len(), 90_000);
    assert_eq!(messages[3]["tool_results"][0]["result"].as_str().unwrap().len(), 90_000);
    assert!(messages[1]["content"].as_str().unwrap().len() > 300_000);

    span.input = Some(Content::Messages(many(|number| Message::user(text(number)), 10_000).collect()));
    let input = only("trimmed_io", "/meta/input", &span);
    let messages = input["messages"].as_array().unwrap();
    let kept = messages.len() - 1;
    assert_eq!(
        messages[0],
        json!({ "role": "", "content": format!("… [{} older messages left out] …", 10_000 - kept) })
    );
    assert_eq!(messages[kept], json!({ "role": "user", "content": text(9_999) }));

    // A message that is large because of its parts.
    let calls = many(|number| ToolCall::new(text(number), json!({ "number": number })), 5_000);
    let message = calls.fold(Message::assistant("calls"), Message::tool_call);
    span.input = Some(Content::Messages(vec![message]));
    let input = within(LIMIT, &span);
    let message = &input["meta"]["input"]["messages"][0];
    assert_eq!(message["content"], "calls");
    assert_eq!(message["tool_calls"][1]["name"], text(1));
}

#[test]
fn documents_are_shortened_and_later_ones_left_out() {
    let mut span = data(Kind::Retrieval);
    span.input = Some(Content::Text("in".to_owned()));
    let documents = many(|number| Document::new(text(number)).score(1), 10_000);
    span.output = Some(Content::Documents(documents.collect()));
    let output = only("trimmed_io", "/meta/output", &span);
    let documents = output["documents"].as_array().unwrap();
    let kept = documents.len() - 1;
    assert_eq!(documents[0], json!({ "text": text(0), "score": 1 }));
    assert_eq!(
        documents[kept],
        json!({ "text": format!("… [{} more documents left out] …", 10_000 - kept) })
    );
}

#[test]
fn a_shortened_json_value_is_valid_json() {
    let mut span = data(Kind::Task);
    let rows: Vec<Value> = many(|number| json!({ "row": number, "text": text(number) }), 6_000).collect();
    span.output = Some(Content::Text(json!({ "rows": rows, "count": 6_000 }).to_string()));
    let output = only("trimmed_io", "/meta/output", &span);
    let output: Value = serde_json::from_str(output["value"].as_str().unwrap()).unwrap();
    assert_eq!(output["count"], 6_000);
    assert_eq!(output["rows"][0], rows[0]);
}

#[test]
fn prompts_tools_manifests_links_and_errors_are_shortened() {
    let mut span = data(Kind::Llm);
    let prompt = Prompt::new("faq").version("2").template(large()).tag("team", "ml");
    let prompt = prompt.variable("question", "Why?");
    span.prompt = Some(prompt);
    let prompt = only("trimmed_prompt", "/meta/input/prompt", &span);
    assert_eq!((&prompt["id"], &prompt["variables"]["question"]), (&json!("faq"), &json!("Why?")));
    assert!(prompt["template"].as_str().unwrap().len() > LIMIT - 2000);

    let mut span = data(Kind::Llm);
    let messages = repeat_n(TemplateMessage::new("user", "{{question}}"), 30_000);
    span.prompt = Some(Prompt::new("faq").chat_template(messages));
    let event = within(LIMIT, &span);
    assert_eq!(event["collection_errors"], json!(["trimmed_prompt"]));
    assert_eq!(event["meta"]["input"]["prompt"]["id"], "faq");

    let mut span = data(Kind::Llm);
    let tool = |number| ToolDefinition::new(text(number)).description("Searches.");
    span.tool_definitions = many(tool, 6_000).collect();
    let tools = only("trimmed_tool_definitions", "/meta/tool_definitions", &span);
    assert_eq!(tools[0], json!({ "name": text(0), "description": "Searches." }));

    let mut span = data(Kind::Agent);
    span.agent = Some(AgentManifest::new().name("planner").instructions(large()).tool(AgentTool::new("t")));
    let agent = only("trimmed_metadata", "/meta/metadata/_dd/agent_manifest", &span);
    assert_eq!((&agent["name"], &agent["tools"]), (&json!("planner"), &json!([{ "name": "t" }])));

    let mut span = data(Kind::Task);
    let id = |number: usize| number.to_string();
    span.links = many(|number| SpanRef { trace_id: id(number), span_id: id(number) }, 10_000).collect();
    let links = only("trimmed_span_links", "/span_links", &span);
    assert_eq!(links[1]["span_id"], "1");

    let mut span = data(Kind::Task);
    span.failure = Some(Failure { kind: "E".to_owned(), message: "broke".to_owned(), stack: large() });
    let error = only("trimmed_error", "/meta/error", &span);
    assert_eq!((&error["type"], &error["message"]), (&json!("E"), &json!("broke")));

    let mut span = data(Kind::Task);
    span.cost_tags = many(text, 6_000).collect();
    only("trimmed_metadata", "/meta/metadata/_dd/cost_tags", &span);
}

#[test]
fn names_are_cut_if_nothing_else_is_large() {
    let mut span = data(Kind::Llm);
    span.name = large();
    span.output = Some(Content::Messages(vec![Message::assistant("out")]));
    let event = within(LIMIT, &span);
    assert_eq!(event["collection_errors"], json!(["trimmed_names"]));
    assert!(event["name"].as_str().unwrap().ends_with("x… [16384 of 700000 bytes]"));
    assert_eq!(event["meta"]["output"]["messages"][0]["content"], "out");
}

#[test]
fn the_largest_part_is_shortened_first() {
    let mut span = data(Kind::Task);
    span.input = Some(Content::Text("i".repeat(100_000)));
    span.output = Some(Content::Text("o".repeat(300_000)));
    span.metadata = Map::from_iter([("m".to_owned(), "m".repeat(300_000).into())]);
    let event = within(LIMIT, &span);
    assert_eq!(event["collection_errors"], json!(["trimmed_io", "trimmed_metadata"]));
    let length = |place: &str| event.pointer(place).unwrap().as_str().unwrap().len();
    assert_eq!(length("/meta/input/value"), 100_000);
    for place in ["/meta/output/value", "/meta/metadata/m"] {
        assert!((199_000..200_000).contains(&length(place)), "{place} {}", length(place));
    }
}

#[test]
fn as_a_last_resort_all_content_is_dropped() {
    let mut span = data(Kind::Tool);
    let identity =
        Identity { tags: many(|number| (text(number), text(number)), 100).collect(), ..Identity::default() };
    span.input = Some(Content::Text("in".to_owned()));
    span.metadata = Map::from_iter([("k".to_owned(), json!(1))]);
    span.tags = Ids::new().span(Kind::Tool).data(&identity).tags;
    span.failure = Some(Failure { kind: "E".to_owned(), message: "broke".to_owned(), stack: String::new() });
    let event: Value = serde_json::from_str(&text_of_data(&span, &identity, LEAST_LIMIT)).unwrap();
    assert!(event.to_string().len() < LEAST_LIMIT);
    assert_eq!(
        event["collection_errors"],
        json!(["dropped_io", "trimmed_metadata", "trimmed_tags", "trimmed_error"])
    );
    assert_eq!(event["meta"]["input"], json!({ "value": DROPPED_IO }));
    assert_eq!(event["meta"]["output"], json!({ "value": DROPPED_IO }));
    assert_eq!(event["meta"]["error"]["type"], "E");
    assert_eq!(event["status"], "error");
}

#[test]
fn annotations_beyond_the_limits_are_reported() {
    let span = Ids::new().span(Kind::Task).annotate(|note| {
        note.tags(many(|number| (number.to_string(), "t"), MAX_TAGS + 1))
            .metrics(many(|number| (number.to_string(), 1), MAX_METRICS + 2))
            .links(many(|_| SpanRef { trace_id: "1".into(), span_id: "2".into() }, MAX_LINKS + 3));
        for number in 0..MAX_METADATA + 4 {
            note.metadata(number.to_string(), number);
        }
    });
    let event = event(&span);
    assert_eq!(
        event["collection_errors"],
        json!(["trimmed_metadata", "trimmed_tags", "trimmed_metrics", "trimmed_span_links"])
    );
    assert_eq!(event["meta"]["metadata"].as_object().unwrap().len(), MAX_METADATA);
    assert_eq!(event["metrics"].as_object().unwrap().len(), MAX_METRICS);
    assert_eq!(event["span_links"].as_array().unwrap().len(), MAX_LINKS);
}

/// Texts that are difficult to escape and to cut.
const PIECES: [&str; 14] = [
    "\0",
    "\u{2028}",
    "🦀",
    "\"",
    "\\",
    "a",
    "\n",
    "é",
    "\\ud800",
    "[",
    "{\"a\":",
    "… [7 bytes left out] …",
    "aB3x/+==",
    "\u{7f}\u{1f}",
];

struct Random(Rng);

impl Random {
    fn size(&mut self) -> usize {
        // Sizes are mostly small and sometimes large.
        let bits = self.0.u32(0..13);
        self.0.usize(0..1 << bits)
    }

    fn text(&mut self) -> String {
        let size = self.size();
        if self.0.bool() {
            let piece = PIECES[self.0.usize(0..PIECES.len())];
            return piece.repeat(size / piece.len());
        }
        repeat_n((), size / 4).map(|()| PIECES[self.0.usize(0..PIECES.len())]).collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.0.u8(0..if depth > 14 { 4 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.0.f64()),
            2 | 3 => self.text().into(),
            4 => (0..self.0.usize(0..3)).map(|_| self.value(depth + 1)).collect(),
            5 => vec![json!(1.5); self.size()].into(),
            _ => Value::Object(self.object(depth + 1)),
        }
    }

    fn object(&mut self, depth: usize) -> Map<String, Value> {
        let count = self.0.usize(0..4);
        (0..count).map(|_| (self.text(), self.value(depth))).collect()
    }

    fn message(&mut self) -> Message {
        let mut message = Message::new(self.text(), self.text());
        for _ in 0..self.0.usize(0..3) {
            message = match self.0.u8(0..4) {
                0 => message.tool_call(ToolCall::new(self.text(), Value::Object(self.object(7)))),
                1 => message.tool_result(ToolResult::new(self.text()).tool_id(self.text())),
                2 => message.image(MediaPart::base64("image/png", self.text())),
                _ => message.audio(MediaPart::attachment("audio/wav", self.text())),
            };
        }
        message
    }

    fn content(&mut self) -> Option<Content> {
        let count = self.0.usize(0..6);
        match self.0.u8(0..5) {
            0 => None,
            1 => Some(Content::Text(self.text())),
            2 => Some(Content::Text(self.value(0).to_string())),
            3 => Some(Content::Messages((0..count).map(|_| self.message()).collect())),
            _ => Some(Content::Documents(
                (0..count).map(|_| Document::new(self.text()).name(self.text())).collect(),
            )),
        }
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.0.u8(0..4) == 0).then(|| make(self))
    }

    fn texts(&mut self) -> BTreeMap<String, String> {
        (0..self.0.usize(0..5)).map(|_| (self.text(), self.text())).collect()
    }

    fn span(&mut self) -> SpanData {
        let kinds = [Kind::Llm, Kind::Agent, Kind::Tool, Kind::Task, Kind::Embedding, Kind::Retrieval];
        let mut span = data(kinds[self.0.usize(0..kinds.len())]);
        span.name = self.some(Self::text).unwrap_or_default();
        (span.input, span.output) = (self.content(), self.content());
        span.metadata = self.object(0);
        let tags = self.texts();
        span.tags.extend(tags);
        span.metrics = self.some(Self::texts).into_iter().flatten().map(|(key, _)| (key, 7.into())).collect();
        span.prompt = self.some(|random| Prompt {
            tags: Some(random.texts()),
            variables: Some(random.object(3)),
            ..Prompt::new(random.text()).template(random.text())
        });
        span.tool_definitions = self
            .some(|random| ToolDefinition::new(random.text()).schema(Value::Object(random.object(3))))
            .into_iter()
            .collect();
        span.agent = self.some(|random| AgentManifest::new().instructions(random.text()));
        span.intent = self.some(Self::text);
        span.model_name = self.some(Self::text);
        span.model_provider = self.some(Self::text);
        span.failure =
            self.some(|random| Failure { kind: random.text(), message: random.text(), stack: random.text() });
        span.links =
            (0..self.0.usize(0..3)).map(|_| SpanRef { trace_id: self.text(), span_id: "1".into() }).collect();
        span.cost_tags = self.some(Self::text).into_iter().collect();
        span
    }
}

#[test]
fn random_spans_fit_any_limit() {
    let mut random = Random(Rng::with_seed(18));
    let mut outcomes = BTreeMap::new();
    for _ in 0..200 {
        let span = random.span();
        let size = text_of_data(&span, &Identity::default(), usize::MAX).len();
        let at_random = random.0.usize(LEAST_LIMIT..30_000);
        for limit in [size - 1, size, size + 1, size / 2, LEAST_LIMIT, at_random] {
            let event = within(limit.max(LEAST_LIMIT), &span);
            let errors = event.get("collection_errors");
            assert_eq!(errors.is_none(), size < limit.max(LEAST_LIMIT), "{errors:?}");
            *outcomes.entry(errors.map(Value::to_string)).or_insert(0) += 1;
        }
    }
    let dropped = |(errors, _): &(&Option<String>, &i32)| {
        errors.as_ref().is_some_and(|errors| errors.contains("dropped"))
    };
    let dropped: i32 = outcomes.iter().filter(dropped).map(|(_, count)| count).sum();
    assert!(outcomes.len() > 30 && dropped < 200, "{outcomes:#?}");
}

/// Cuts each text at each position, both as a text of a program and in metadata.
#[test]
fn a_text_is_cut_between_characters() {
    let identity = Identity::default();
    for piece in PIECES.into_iter().filter(|piece| !piece.contains("left out")) {
        let text = format!("{}{}", "a".repeat(2000), piece.repeat(4000 / piece.len()));
        let mut span = data(Kind::Task);
        span.input = Some(Content::Text(text.clone()));
        span.metadata = Map::from_iter([("k".to_owned(), text.clone().into())]);
        let size = text_of_data(&span, &identity, usize::MAX).len();
        for limit in (LEAST_LIMIT..LEAST_LIMIT + 12).chain(size - 12..size + 2) {
            let event = within(limit, &span);
            let short = event["meta"]["input"]["value"].as_str().unwrap();
            assert!(short.starts_with("aaaa"), "{short}");
            if let Some((head, tail)) = short.rsplit_once("left out] …").filter(|_| *short != *text) {
                let (head, _) = head.rsplit_once("… [").unwrap();
                assert!(text.starts_with(head) && text.ends_with(tail), "{short}");
            }
        }
    }
}

/// Escapes of lone surrogates are not valid text, so that the captured JSON is sent.
#[test]
fn captured_json_that_is_not_a_valid_text_is_shortened() {
    let json = format!("\"{}\"", r"\ud800".repeat(2000));
    let span = Ids::new().span(Kind::Task).input_value(json);
    for limit in LEAST_LIMIT..LEAST_LIMIT + 20 {
        let mut body = String::new();
        span.read(|finished| {
            super::Encoder::new(&Identity::default(), "app", limit).encode_finished(finished, &mut body);
        });
        let event: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(event["spans"][0]["collection_errors"], json!(["trimmed_io"]));
        let input = event["spans"][0]["meta"]["input"]["value"].as_str().unwrap();
        assert!(input.starts_with(r#""\ud800"#) && input.ends_with(r#"\ud800""#), "{input}");
    }
}
