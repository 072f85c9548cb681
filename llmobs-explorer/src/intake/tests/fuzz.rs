//! Damaged bodies must not cause panics or take long.

use std::path::Path;
use std::sync::Mutex;

use serde_json::json;

use super::{apm, bare, batch, evaluations, otlp, with, wrapped};
use crate::intake::{
    ApmVersion, Intake, OtlpEncoding, read_api, read_apm, read_metrics, read_otlp, read_spans, read_updates,
};
use crate::span::Span;

/// Knuth's generator MMIX: the same damage in every run.
struct Damage(u64);

impl Damage {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    /// Flips, deletes or doubles a few bytes, or replaces them with bytes that have a meaning.
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

/// Bodies of spans, of the HTTP API, of evaluations and of updates.
fn json_bodies() -> [Vec<u8>; 4] {
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
    let updates = wrapped(&[json!({ "span_id": "a", "meta": { "metadata": { "b": [1] } } })]);
    [spans, batch, metrics, updates]
}

#[test]
fn damaged_bodies_get_an_answer() {
    let [spans, batch, metrics, _] = json_bodies();
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

/// The reason for the refusal, if any, and the number of accepted spans.
fn outcome(intake: Result<Intake<Span>, String>) -> (String, usize) {
    match intake {
        Ok(intake) => (intake.refusal().unwrap_or_default(), intake.accepted.len()),
        Err(reason) => (reason, 0),
    }
}

#[test]
fn damaged_bodies_of_other_protocols_get_an_answer() {
    let json = otlp::sample();
    let protobuf = otlp::protobuf::request_message(&json);
    let (v04, v07, v10) = apm::samples();
    let java = apm::packed(
        &json!([{ "event_type": "span", "spans": [with(bare("a"), json!({ "meta": { "span.kind": "llm" } }))] }]),
    );
    let [.., updates] = json_bodies();
    let otlp = |body: &[u8], encoding| {
        outcome(read_otlp(body, encoding, None, &Mutex::default()).map(|read| read.intake))
    };
    let apm = |body: &[u8], version| outcome(read_apm(body, version).map(|read| read.intake));
    let mut damage = Damage(11);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..2_000 {
        for (reason, count) in [
            otlp(&damage.of(&json), OtlpEncoding::Json),
            otlp(&damage.of(&protobuf), OtlpEncoding::Protobuf),
            apm(&damage.of(&v04), ApmVersion::V04),
            apm(&damage.of(&v07), ApmVersion::V07),
            apm(&damage.of(&v10), ApmVersion::V10),
            outcome(read_spans(&damage.of(&java))),
            match read_updates(&damage.of(&updates)) {
                Ok(updates) => (String::new(), updates.len()),
                Err(reason) => (reason, 0),
            },
        ] {
            accepted += count;
            refused += usize::from(!reason.is_empty());
            assert!(reason.len() < 400, "{reason}");
        }
    }
    assert!(accepted > 1_000 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

/// Short bodies with large lengths take neither time nor memory.
#[test]
fn bodies_with_large_lengths_get_an_answer() {
    let empty_fields = [0x0a, 0x00].repeat(1 << 20);
    let read = |body: &[u8]| read_otlp(body, OtlpEncoding::Protobuf, None, &Mutex::default());
    assert_eq!(read(&empty_fields).expect("they are nothing").intake.accepted, []);
    let spans =
        [&[0x0a, 0x80, 0x80, 0x40][..], &[0x12, 0xfc, 0xff, 0x3f], &[0x12, 0x00].repeat((1 << 19) - 2)]
            .concat();
    assert_eq!(read(&spans).unwrap_err(), "there are more than 100000 events: send several requests");
    let chunks = [&[0xdd, 0x7f, 0xff, 0xff, 0xff][..], &[0x90].repeat(200_000)].concat();
    let reason = read_apm(&chunks, ApmVersion::V04).unwrap_err();
    assert_eq!(reason, "there are more than 100000 events: send several requests");
    let nothing = [&[0x91, 0xdd, 0x7f, 0xff, 0xff, 0xff][..], &[0x80].repeat(1 << 20)].concat();
    assert_eq!(
        read_apm(&nothing, ApmVersion::V04).unwrap_err(),
        "the body is not MessagePack: it ends too early"
    );
}

/// Each level of maps that are keys of maps would double the size of the outer key.
#[test]
fn keys_that_are_maps_are_refused() {
    let body = [0x81].repeat(40).into_iter().chain([0xc0].repeat(41)).collect::<Vec<u8>>();
    let expected = "a key of a map is a list or a map: expected a text";
    assert_eq!(read_spans(&body).unwrap_err(), expected);
    assert_eq!(read_updates(&body).unwrap_err(), expected);
}

/// Writes the bodies into the folder that `LLMOBS_FUZZ_SEEDS` names. Each begins with the byte that selects its form in `fuzz/src/lib.rs`.
#[test]
fn seeds_can_be_written() {
    let Ok(folder) = std::env::var("LLMOBS_FUZZ_SEEDS") else { return };
    let json = otlp::sample();
    let (v04, v07, v10) = apm::samples();
    let targets = [
        ("spans", json_bodies().to_vec()),
        ("otlp", vec![otlp::protobuf::request_message(&json), json]),
        ("apm", vec![v04, v07, v10]),
    ];
    for (target, bodies) in targets {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).expect("the folder is writable");
        for (form, body) in (0..).zip(bodies) {
            std::fs::write(folder.join(format!("seed_{form}")), [&[form], &*body].concat())
                .expect("the folder is writable");
        }
    }
}
