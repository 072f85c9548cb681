//! What a program says is cut where it is longer than anybody reads, and the span goes out with the rest.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use llmobs::testing::Collector;

#[test]
fn a_name_that_is_made_at_run_time_is_cut_and_leaves_input_and_output() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::task("n".repeat(6_000_000)).start();
        span.annotate(|span| span.input("in").output("out"));
    });
    let name = format!("{}… [16384 of 6000000 bytes]", "n".repeat(16 * 1024));
    assert_eq!(collector.tree(), format!("task {name}  in in  out out\n"));
}
