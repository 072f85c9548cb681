//! The memory of a record, and how the worker reads it.

use super::{Finished, Record};
use crate::base::clock::WallClock;
use crate::base::kind::Kind;
use crate::model::captured::Source;
use crate::model::sample::Sample;

/// Each span that waits for delivery takes this much memory in addition to its texts.
#[test]
fn a_record_is_small() {
    const { assert!(Record::BYTES <= 96) };
}

#[test]
fn texts_are_consecutive_and_followed_by_those_of_other_spans() {
    let sample =
        Sample::new(Kind::Task, "t").arguments("{\"é\":1}").returned("\"ü\"").failed(&std::fmt::Error);
    let ((record, text), trace) = (sample.record(), sample.trace());
    let text = format!("{text}the next span");
    let clock = WallClock::new();
    let parts = sample.failure.as_ref().map(|(_, parts)| parts);
    let finished = Finished::new(&record, &trace, None, &text, parts, None, &clock);
    assert_eq!(finished.input(), Some(("{\"é\":1}", Source::Arguments)));
    assert_eq!(finished.output(), Some(("\"ü\"", Source::Value)));
    let message = std::fmt::Error.to_string();
    let failure = finished.failure().unwrap().to_failure();
    assert_eq!((&*failure.kind, &failure.message), ("core::fmt::Error", &message));
    assert_eq!(failure.stack, format!("core::fmt::Error: {message}"));
    assert_eq!(record.text_bytes(parts), text.len() - "the next span".len());
    // A text that is shorter than the record requires is read as none. This cannot occur.
    let short = Finished::new(&record, &trace, None, "{", parts, None, &clock);
    assert_eq!((short.input(), short.output()), (None, None));
}
