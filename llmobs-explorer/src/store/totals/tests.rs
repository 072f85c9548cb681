use std::sync::atomic::Ordering;

use std::time::Duration;

use super::*;
use crate::store::schema::Location;
use crate::store::testing;
use crate::store::write::Batch;
use crate::store::writer::Writer;

/// Pseudo-random numbers, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn writer() -> Writer {
    testing::writer(&Location::Memory, Duration::MAX)
}

fn send(writer: &mut Writer, spans: Vec<Span>) {
    writer.write(&mut [Batch { spans, ..Batch::default() }]).unwrap();
}

/// One of a few spans. Its parent is one of these spans, possibly itself.
fn any_span(dice: &mut Dice) -> Span {
    let kinds = ["llm", "tool", "embedding", "workflow"];
    let kind = kinds[usize::try_from(dice.below(4)).unwrap()];
    let number = |dice: &mut Dice| (dice.below(3) > 0).then(|| i64::try_from(dice.below(9)).unwrap());
    Span {
        trace_id: format!("T{}", dice.below(2)),
        span_id: dice.below(40).to_string(),
        parent_id: (dice.below(20) > 0).then(|| dice.below(50).to_string()),
        name: format!("name {}", dice.below(4)),
        kind: kind.to_owned(),
        failed: dice.below(3) == 0,
        // There are few times, so that many are equal.
        start_ns: i64::try_from(dice.below(12)).unwrap(),
        duration_ns: i64::try_from(dice.below(12)).unwrap(),
        model_name: (dice.below(2) == 0).then(|| format!("model\n{}", dice.below(3))),
        tokens: Tokens {
            input: number(dice),
            output: number(dice),
            total: number(dice),
            cached: number(dice),
        },
        // Equal for all spans with the same start.
        time_to_first_token: None,
        ..Span::default()
    }
}

#[test]
fn updated_totals_equal_computed_totals() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut writer = writer();
        for _ in 0..12 {
            let spans = (0..=dice.below(5))
                .map(|_| any_span(&mut dice))
                .map(|span| Span { time_to_first_token: (span.start_ns > 6).then_some(0.5), ..span })
                .collect();
            send(&mut writer, spans);
            let transaction = writer.connection.transaction().unwrap();
            let traces: Vec<i64> = {
                let mut statement = transaction.prepare("SELECT id FROM trace").unwrap();
                statement.query_map([], |row| row.get("id")).unwrap().collect::<Result<_, _>>().unwrap()
            };
            for trace in traces {
                let computed = computed_totals(&transaction, trace).unwrap();
                assert_eq!(stored_totals(&transaction, trace).unwrap().0, computed, "seed {seed}");
                let heads: String = transaction
                    .query_row(
                        "SELECT group_concat(id) AS heads FROM span WHERE trace = :trace AND head = 1",
                        named_params! { ":trace": trace },
                        |row| row.get("heads"),
                    )
                    .unwrap();
                let stored: i64 = transaction
                    .query_row(
                        "SELECT head FROM trace WHERE id = :trace",
                        named_params! { ":trace": trace },
                        |row| row.get("head"),
                    )
                    .unwrap();
                assert_eq!(heads, stored.to_string(), "seed {seed}");
                assert_eq!(heads, head::search(&transaction, trace).unwrap().to_string(), "seed {seed}");
            }
            assert_eq!(testing::wrong_counts(&transaction), 0, "seed {seed}");
        }
    }
}

/// The number of steps of SQLite's virtual machine for each batch, in tens.
fn steps(batches: impl IntoIterator<Item = Vec<Span>>) -> Vec<u64> {
    let mut writer = writer();
    let steps = testing::count_steps(&writer.connection);
    let mut by_batch = Vec::new();
    for batch in batches {
        steps.store(0, Ordering::Relaxed);
        send(&mut writer, batch);
        by_batch.push(steps.load(Ordering::Relaxed));
    }
    by_batch
}

/// Batches of a trace whose root arrives last.
fn batches_of_one_trace(batches: i64, size: i64) -> impl Iterator<Item = Vec<Span>> {
    let child = |number: i64| Span {
        trace_id: "T".to_owned(),
        span_id: number.to_string(),
        // Every tenth span is the parent of the spans before it.
        parent_id: Some(if number % 10 == 9 {
            "root".to_owned()
        } else {
            (number / 10 * 10 + 9).to_string()
        }),
        kind: "tool".to_owned(),
        start_ns: 1_000 + number - if number % 10 == 9 { 20 } else { 0 },
        ..Span::default()
    };
    (0..batches).map(move |batch| (batch * size..(batch + 1) * size).map(child).collect())
}

#[test]
fn the_cost_of_a_batch_does_not_depend_on_the_size_of_the_trace() {
    for size in [1, 100] {
        let steps = steps(batches_of_one_trace(60, size));
        let (early, late) = (steps[1..11].iter().sum::<u64>(), steps[50..].iter().sum::<u64>());
        assert!(late * 2 < early * 3, "batches of {size}: {steps:?}");
    }
}

#[test]
fn the_cost_of_a_trace_does_not_depend_on_other_traces() {
    let trace = |number: i64| {
        let span = |span_id: &str, parent_id: Option<&str>| Span {
            trace_id: format!("T{number}"),
            span_id: span_id.to_owned(),
            parent_id: parent_id.map(str::to_owned),
            kind: "task".to_owned(),
            start_ns: number,
            ..Span::default()
        };
        vec![span("root", None), span("child", Some("root"))]
    };
    let steps = steps((0..1_000).map(trace));
    let (early, late) = (steps[10..60].iter().sum::<u64>(), steps[950..].iter().sum::<u64>());
    assert!(late * 2 < early * 3, "{steps:?}");
}
