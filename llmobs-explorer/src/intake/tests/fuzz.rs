//! Bodies that were damaged, which must neither panic nor take time.

use serde_json::json;

use super::{bare, batch, evaluations, with, wrapped};
use crate::intake::{read_api, read_metrics, read_spans};

/// The numbers of Knuth's MMIX: the same damage on every run.
struct Damage(u64);

impl Damage {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    /// A few bytes are flipped, deleted, doubled, or replaced by ones that mean something.
    fn of(&mut self, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(body.len());
            match self.below(5) {
                0 => body[at] ^= 1 << self.below(8),
                1 => drop(body.remove(at)),
                2 => body.insert(at, body[at]),
                3 => body[at] = b"{}[]\",:\\0-9eEuNIt\xff"[self.below(18)],
                _ => body.truncate(at),
            }
            if body.is_empty() {
                break;
            }
        }
        body
    }
}

#[test]
fn damaged_bodies_are_answered() {
    let event = |span_id| {
        let fields = json!({
            "name": "step",
            "parent_id": "undefined",
            "status": "error",
            "tags": ["env:prod", "bare"],
            "metrics": { "input_tokens": 5, "time_to_first_token": 0.5 },
            "_dd": { "sample_rate": "1" },
            "meta": {
                "span": { "kind": "llm" },
                "metadata": { "deep": [{ "er": 1 }], "odd": null },
                "error": { "type": "E", "message": "\u{1f600}\n" },
                "input": { "messages": [{ "role": "user", "content": "hé" }], "prompt": { "variables": { "a": 1 } } },
                "output": { "messages": [{ "content": "", "tool_calls": [{ "name": "f", "arguments": "{\"x\": 1}" }] }] },
            },
        });
        with(bare(span_id), fields)
    };
    let spans = wrapped(&[event("a"), event("b")]);
    let batch = batch(&json!({ "ml_app": "m", "tags": ["a:b"], "spans": [event("a"), event("b")] }));
    let metrics = evaluations(&json!([
        { "label": "l", "metric_type": "score", "score_value": 0.5, "join_on": { "span": { "span_id": "1" } } },
        { "label": "l", "metric_type": "json", "json_value": { "a": [1] }, "join_on": { "tag": { "key": "k", "value": "v" } } },
    ]));
    let mut damage = Damage(7);
    let mut accepted = 0;
    let mut answered = 0;
    for _ in 0..2_000 {
        for (intake, body) in [
            (read_spans(&damage.of(&spans)).map(|intake| (intake.refusal(), intake.accepted.len())), &spans),
            (read_api(&damage.of(&batch)).map(|intake| (intake.refusal(), intake.accepted.len())), &batch),
            (
                read_metrics(&damage.of(&metrics), 1).map(|intake| (intake.refusal(), intake.accepted.len())),
                &metrics,
            ),
        ] {
            let reason = match intake {
                Ok((refusal, count)) => {
                    accepted += count;
                    refusal.unwrap_or_default()
                }
                Err(reason) => reason,
            };
            answered += usize::from(!reason.is_empty());
            assert!(reason.len() < 400, "{reason} of {body:?}");
        }
    }
    assert!(accepted > 500 && answered > 500, "{accepted} accepted, {answered} answered");
}
