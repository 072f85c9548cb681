//! The protocol of bodies without their URL.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use llmobs_providers::json::Json;
use llmobs_providers::{Protocol, ResponseReader};
use support::{Fixture, fixtures};

fn protocol_of_answer(fixture: &Fixture) -> Option<Protocol> {
    let mut reader = ResponseReader::new().status(fixture.status);
    reader.push(&fixture.answer);
    reader.finish().protocol
}

#[test]
fn bodies_of_openai_are_recognized() {
    for fixture in fixtures().iter().filter(|fixture| fixture.family == "openai") {
        let expected = Some(fixture.endpoint().protocol);
        let request = Json::read(&fixture.request).unwrap();
        assert_eq!(Protocol::of_request(&request), expected, "{}", fixture.name);
        // An error without an answer has the same format everywhere.
        let has_answer = fixture.file["expect"]["response"]["id"].is_string();
        if has_answer {
            assert_eq!(protocol_of_answer(fixture), expected, "{}", fixture.name);
        }
    }
}
