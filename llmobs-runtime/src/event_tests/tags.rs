//! Which of two tags with one key is sent, and in which order tags stand.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Ids, encoded, texts};
use crate::facts::Facts;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::kind::Kind;
use crate::record::Record;

/// The values of one tag.
fn tag(event: &Value, key: &str) -> Vec<String> {
    let tags = event["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap());
    let pairs = tags.map(|tag| tag.split_once(':').unwrap());
    let found = pairs.filter(|(other, _)| *other == key);
    found.map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn configured_tags_yield_to_defaults_these_to_annotated_tags_and_these_to_the_error() {
    let ids = Ids::new();
    let everywhere = |value: &str| {
        texts(
            ["env", "version", "ml_app", "language", "session_id", "decorator", "error", "error_type", "own"]
                .map(|key| (key, value)),
        )
    };
    let identity = Identity { env: "prod".to_owned(), tags: everywhere("configured"), ..Identity::default() };
    let failed = || Failure { kind: "my::Error".to_owned(), message: String::new(), stack: String::new() };
    let record = |tags, failure| Record {
        session_id: Some("s".into()),
        attribute: true,
        facts: Facts { tags, failure, ..Facts::default() },
        ..ids.record(Kind::Task)
    };
    let all = |event: &Value| {
        ["env", "version", "ml_app", "language", "session_id", "decorator", "error", "error_type", "own"]
            .map(|key| tag(event, key).join(" and "))
    };
    let defaults = encoded(record(BTreeMap::new(), Some(failed())), &identity);
    assert_eq!(all(&defaults), ["prod", "", "app", "rust", "s", "1", "1", "my::Error", "configured"]);
    let annotated = encoded(record(everywhere("said"), Some(failed())), &identity);
    assert_eq!(all(&annotated), ["said", "said", "said", "said", "said", "said", "1", "my::Error", "said"]);
    // Without an error there is nothing to put in place of a tag called error_type.
    let fine = encoded(record(everywhere("said"), None), &identity);
    assert_eq!(all(&fine), ["said", "said", "said", "said", "said", "said", "0", "said", "said"]);
    // The tag does not move the span to another application or session.
    assert_eq!(annotated["session_id"], "s");
}

#[test]
fn what_is_known_of_the_commit_stands_between_configured_and_annotated_tags() {
    let git = |value: &str| texts([("git.commit.sha", value)]);
    let identity = Identity { tags: git("configured"), git: git("git"), ..Identity::default() };
    let record = |tags| Record { facts: Facts { tags, ..Facts::default() }, ..Ids::new().record(Kind::Task) };
    assert_eq!(tag(&encoded(record(BTreeMap::new()), &identity), "git.commit.sha"), ["git"]);
    assert_eq!(tag(&encoded(record(git("said")), &identity), "git.commit.sha"), ["said"]);
}

#[test]
fn tags_are_sorted_by_the_whole_text() {
    let tags = texts([("a", "z"), ("a-b", "1"), ("a.b", "1"), ("B", "1"), ("a:", "x"), ("ab", "0")]);
    let record = Record { facts: Facts { tags, ..Facts::default() }, ..Ids::new().record(Kind::Task) };
    let event = encoded(record, &Identity::default());
    let own = |tag: &&Value| {
        tag.as_str().is_some_and(|tag| tag.starts_with(['a', 'B']) && tag != "agent_service:app")
    };
    let own: Vec<_> = event["tags"].as_array().unwrap().iter().filter(own).collect();
    // '-' and '.' stand before ':', letters after it.
    assert_eq!(own, ["B:1", "a-b:1", "a.b:1", "a::x", "a:z", "ab:0"]);
}
