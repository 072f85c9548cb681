//! Exchanges with providers. The expected data was written by hand, from the bytes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use serde_json::Value;
use support::{Fixture, fixtures};

/// Whole bodies, and every stream in one piece.
#[test]
fn every_exchange_is_read_as_expected() {
    let wrong: Vec<String> = fixtures().iter().filter_map(Fixture::difference).collect();
    assert!(wrong.is_empty(), "{} of {} fixtures:\n{}", wrong.len(), fixtures().len(), wrong.join("\n"));
}

#[test]
fn pieces_do_not_change_the_result() {
    for fixture in fixtures() {
        let whole = fixture.read_in_pieces([fixture.answer.len()]);
        for at in fixture.positions() {
            assert_eq!(fixture.read_in_pieces([at]), whole, "{} cut at {at}", fixture.name);
        }
        assert_eq!(fixture.read_in_pieces(0..fixture.answer.len()), whole, "{} byte by byte", fixture.name);
    }
}

/// A stream that breaks off at any position keeps its data, and never has more.
#[test]
fn a_stream_that_breaks_off_keeps_its_data() {
    for fixture in fixtures() {
        let whole = fixture.read(&fixture.answer);
        let words = |response: &Value| {
            let messages = response["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
            messages
                .iter()
                .map(|message| message["content"].as_str().unwrap_or_default().len())
                .sum::<usize>()
        };
        for end in fixture.positions() {
            let part = fixture.read(&fixture.answer[..end]);
            assert!(words(&part) <= words(&whole) + 64, "{} cut after {end}: {part:#}", fixture.name);
        }
    }
}
