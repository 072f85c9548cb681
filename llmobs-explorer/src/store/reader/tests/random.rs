//! Random spans, evaluations and queries, the same in each run.

use serde_json::{Value, json};

use crate::intake::{read_metrics, read_spans};
use crate::span::{Evaluation, Span};

/// Knuth's random number generator.
#[derive(Debug)]
pub(super) struct Random(u64);

const NAMES: [&str; 5] = ["plan", "Plan", "search", "a*b", "call [x]"];
const KINDS: [&str; 6] = ["llm", "tool", "agent", "embedding", "workflow", "llm"];
const WORDS: [&str; 8] = ["hello", "world", "Hello", "Köln", "help", "x-ray", "Grüße", "100%"];
const TAGS: [&str; 9] = [
    "team:blue",
    "team:green",
    "team:Blue",
    "urgent",
    "user_id:7",
    "user_id:07",
    "version:1.10",
    "env:prod",
    "service:web",
];
const FIELDS: [&str; 40] = [
    "@name",
    "@status",
    "status",
    "@meta.span.kind",
    "@ml_app",
    "service",
    "env",
    "@meta.model_name",
    "@meta.model_provider",
    "@meta.error.type",
    "@session_id",
    "trace_id",
    "@span_id",
    "@parent_id",
    "@duration",
    "@start_ns",
    "timestamp",
    "@metrics.input_tokens",
    "@metrics.output_tokens",
    "@metrics.total_tokens",
    "@metrics.cache_read_input_tokens",
    "@metrics.time_to_first_token",
    "@trace.total_tokens",
    "@trace.input_tokens",
    "@trace.llm_calls",
    "@trace.tool_calls",
    "@trace.number_of_tools",
    "@trace.number_of_errors",
    "team",
    "user_id",
    "version",
    "tags",
    "@tag.env",
    "@meta.metadata.temperature",
    "@meta.metadata.mode",
    "@metrics.other",
    "@evaluation.tone",
    "@evaluation.score.value",
    "@evaluation.score.assessment",
    "@feedback.score.reasoning",
];
const VALUES: [&str; 42] = [
    "*",
    "\"\"",
    "plan",
    "pl*",
    "?lan",
    "\"a*b\"",
    "a\\*b",
    "*[x]",
    "ok",
    "error",
    "llm",
    "tool",
    "shop",
    "web",
    "prod",
    "gpt-?",
    "openai",
    "Timeout*",
    "s-1",
    "s-*",
    "t-1",
    "t-2",
    "1",
    "2",
    "3",
    "undefined",
    "7",
    "07",
    "1.1",
    "1.10",
    ">5",
    "<=2",
    ">=1s",
    "<1",
    "[1 TO 7]",
    "[* TO 2]",
    "[* TO *]",
    "blue",
    "\"team:blue\"",
    "te*:*lue",
    "0.5",
    "hot",
];

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Spans of some traces, and evaluations of some of them.
    pub(super) fn events(&mut self) -> (Value, Value) {
        let mut spans = Vec::new();
        for trace in 1..=9 {
            for span in 1..=1 + self.below(5) {
                spans.push(self.span(trace, span));
            }
        }
        let metrics: Vec<Value> = (0..16).map(|number| self.metric(number)).collect();
        (Value::Array(spans), Value::Array(metrics))
    }

    fn span(&mut self, trace: usize, id: usize) -> Value {
        // Some parents are missing, and some traces have several roots.
        let parent = if self.chance(20) { 9 } else { self.below(id) };
        let mut span = json!({
            "trace_id": format!("t-{trace}"), "span_id": id.to_string(), "name": self.one_of(&NAMES),
            "parent_id": if parent == 0 { "undefined".to_owned() } else { parent.to_string() },
            "start_ns": 1 + 1_000_000 * self.below(6) + self.below(3), "duration": self.one_of(&[0, 1, 2, 7, 1_000_000_000, 2_500_000_000_i64]),
            "status": self.one_of(&["ok", "ok", "error"]), "tags": [], "metrics": {},
            "meta": {"span": {"kind": self.one_of(&KINDS)}, "input": {"value": self.text()}, "output": {"value": self.text()}},
        });
        for tag in TAGS {
            if self.chance(25) {
                span["tags"].as_array_mut().unwrap().push(tag.into());
            }
        }
        let ml_app = self.one_of(&["shop", "desk"]);
        for (place, key, value) in [
            ("", "ml_app", json!(ml_app)),
            ("", "session_id", json!(format!("s-{}", trace % 3))),
            ("/meta", "model_name", json!(self.one_of(&["gpt-4", "gpt-5", "claude"]))),
            ("/meta", "model_provider", json!("openai")),
            ("/meta", "error", json!({"type": self.one_of(&["TimeoutError", "KeyError"])})),
            (
                "/meta",
                "metadata",
                json!({"temperature": self.one_of(&["0.5", "1", "hot", "7"]), "mode": self.below(3)}),
            ),
            ("/metrics", "input_tokens", json!(self.below(9))),
            ("/metrics", "output_tokens", json!(self.below(9))),
            ("/metrics", "cache_read_input_tokens", json!(self.below(4))),
            ("/metrics", "time_to_first_token", json!(self.one_of(&[0.5, 1.0, 2.0]))),
            ("/metrics", "other", json!(self.one_of(&[0.5, 2.0, 7.0]))),
        ] {
            if self.chance(50) {
                span.pointer_mut(place).unwrap()[key] = value;
            }
        }
        span
    }

    /// A text. Some texts are long, so that spans can share them.
    fn text(&mut self) -> String {
        let words = self.one_of(&[0, 2, 3, 30]);
        (0..words).map(|_| self.one_of(&WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn metric(&mut self, number: usize) -> Value {
        let (trace, span) = (format!("t-{}", 1 + self.below(9)), (1 + self.below(4)).to_string());
        let join = match self.below(3) {
            0 => json!({"tag": {"key": "team", "value": self.one_of(&["blue", "green"])}}),
            _ => json!({"span": {"trace_id": trace, "span_id": span}}),
        };
        let mut metric = json!({"label": "tone", "metric_type": "categorical", "categorical_value": self.one_of(&["blue", "hot", "7"]),
            "ml_app": "shop", "timestamp_ms": number, "join_on": join});
        if self.chance(60) {
            metric["label"] = json!("score");
            metric["metric_type"] = json!("score");
            metric["score_value"] = json!(self.one_of(&[0.5, 1.0, 2.0, 7.0]));
            metric["assessment"] = json!(self.one_of(&["pass", "fail"]));
            metric["reasoning"] = json!("plan");
        }
        metric
    }

    /// The text of a query with at most this many levels.
    pub(super) fn query(&mut self, depth: usize) -> String {
        let terms: Vec<String> = (0..=self.below(3))
            .map(|_| {
                let not = self.one_of(&["", "", "", "-", "NOT "]);
                if depth > 0 && self.chance(30) {
                    format!("{not}({})", self.query(depth - 1))
                } else {
                    format!("{not}{}", self.term())
                }
            })
            .collect();
        terms.join(self.one_of(&[" ", " AND ", " OR ", " OR "]))
    }

    fn term(&mut self) -> String {
        match self.below(8) {
            0 => self
                .one_of(&[
                    "hello",
                    "HELLO",
                    "hel*",
                    "koln",
                    "gruße",
                    "\"world hello\"",
                    "100%",
                    "\"x ray\"",
                    "ray",
                    "\"!\"",
                    "*",
                ])
                .to_owned(),
            1 => format!("@child.{}", self.filter()),
            _ => self.filter(),
        }
    }

    fn filter(&mut self) -> String {
        let field = self.one_of(&FIELDS);
        if self.chance(15) {
            return format!("{field}:({} OR {})", self.one_of(&VALUES), self.one_of(&VALUES));
        }
        format!("{field}:{}", self.one_of(&VALUES))
    }
}

/// Reads spans and evaluations through the intake.
pub(super) fn read(spans: &Value, metrics: &Value) -> (Vec<Span>, Vec<Evaluation>) {
    let spans = json!([{ "event_type": "span", "spans": spans }]).to_string();
    let metrics =
        json!({"data": {"type": "evaluation_metric", "attributes": {"metrics": metrics}}}).to_string();
    (read_spans(spans.as_bytes()).unwrap().accepted, read_metrics(metrics.as_bytes(), 0).unwrap().accepted)
}
