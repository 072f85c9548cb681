//! The precedence of tags with the same key, and the order of tags.

use serde_json::Value;

use super::{Ids, encoded, event, texts};
use crate::base::kind::Kind;
use crate::model::sample::Sample;
use crate::model::tags::Identity;

/// The values of one tag.
fn tag(event: &Value, key: &str) -> Vec<String> {
    let tags = event["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap());
    let pairs = tags.map(|tag| tag.split_once(':').unwrap());
    let found = pairs.filter(|(other, _)| *other == key);
    found.map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn error_tags_win_over_annotated_default_and_configured_tags() {
    let ids = Ids::new();
    let everywhere = |value: &str| {
        texts(
            ["env", "version", "ml_app", "language", "session_id", "decorator", "error", "error_type", "own"]
                .map(|key| (key, value)),
        )
    };
    let identity = Identity { env: "prod".to_owned(), tags: everywhere("configured"), ..Identity::default() };
    let span = Sample { attribute: true, ..ids.span(Kind::Task).session_id("s") };
    let failed = span.clone().annotate(|note| {
        note.failure("my::Error", "");
    });
    let all = |event: &Value| {
        ["env", "version", "ml_app", "language", "session_id", "decorator", "error", "error_type", "own"]
            .map(|key| tag(event, key).join(" and "))
    };
    let defaults = encoded(&failed, &identity);
    assert_eq!(all(&defaults), ["prod", "", "app", "rust", "s", "1", "1", "my::Error", "configured"]);
    let annotated = encoded(
        &failed.annotate(|note| {
            note.tags(everywhere("note"));
        }),
        &identity,
    );
    assert_eq!(all(&annotated), ["note", "note", "note", "note", "note", "note", "1", "my::Error", "note"]);
    // Without an error, an annotated tag error_type is kept.
    let fine = encoded(
        &span.annotate(|note| {
            note.tags(everywhere("note"));
        }),
        &identity,
    );
    assert_eq!(all(&fine), ["note", "note", "note", "note", "note", "note", "0", "note", "note"]);
    // An annotated tag changes the session of the span, but not its application.
    assert_eq!(defaults["session_id"], "s");
    assert_eq!(annotated["session_id"], "note");
}

#[test]
fn git_tags_win_over_configured_and_not_over_annotated_tags() {
    let git = |value: &str| texts([("git.commit.sha", value)]);
    let identity = Identity { tags: git("configured"), git: git("git"), ..Identity::default() };
    let span = Ids::new().span(Kind::Task);
    assert_eq!(tag(&encoded(&span, &identity), "git.commit.sha"), ["git"]);
    let annotated = span.annotate(|note| {
        note.tags(git("note"));
    });
    assert_eq!(tag(&encoded(&annotated, &identity), "git.commit.sha"), ["note"]);
}

#[test]
fn tags_are_sorted_by_key_and_value() {
    let tags = [("a", "z"), ("a-b", "1"), ("a.b", "1"), ("B", "1"), ("a:", "x"), ("ab", "0")];
    let event = event(&Ids::new().span(Kind::Task).annotate(|note| {
        note.tags(tags);
    }));
    let own = |tag: &&Value| {
        tag.as_str().is_some_and(|tag| tag.starts_with(['a', 'B']) && tag != "agent_service:app")
    };
    let own: Vec<_> = event["tags"].as_array().unwrap().iter().filter(own).collect();
    // '-' and '.' sort before ':', letters after it.
    assert_eq!(own, ["B:1", "a-b:1", "a.b:1", "a::x", "a:z", "ab:0"]);
}

#[test]
fn a_span_of_another_application_has_the_tags_of_that_application() {
    let identity = Identity { env: "prod".to_owned(), ..Identity::default() };
    let span = Ids::new().span(Kind::Task).ml_app("other");
    let apps = |event: &Value| ["ml_app", "agent_service"].map(|key| tag(event, key).join(" and "));
    assert_eq!(apps(&encoded(&span, &identity)), ["other", "other"]);
    let annotated = span.annotate(|note| {
        note.tag("ml_app", "note");
    });
    assert_eq!(apps(&encoded(&annotated, &identity)), ["note", "other"]);
}

/// With colons in keys, the order of tags depends on values, so that overriding a tag can change its position.
#[test]
fn tags_with_colons_in_keys_are_overridden_by_key() {
    let identity = Identity { tags: texts([("a", "z"), ("a:", "x"), ("a:b", "")]), ..Identity::default() };
    for (annotated, expected) in [
        (texts([("a", "!"), ("a:", "")]), vec!["a:!", "a::", "a:b:"]),
        (texts([("a:", "y")]), vec!["a::y", "a:b:", "a:z"]),
        (texts([("a", "~"), ("a:b", "!")]), vec!["a::x", "a:b:!", "a:~"]),
        (texts([("a", "b:"), ("a:", ""), ("a:b", ":")]), vec!["a::", "a:b:", "a:b::"]),
    ] {
        let event = encoded(
            &Ids::new().span(Kind::Task).annotate(|note| {
                note.tags(annotated);
            }),
            &identity,
        );
        let tags = event["tags"].as_array().unwrap().iter();
        let tags: Vec<_> = tags.filter(|tag| tag.as_str().is_some_and(|tag| tag.starts_with("a:"))).collect();
        assert_eq!(tags, expected);
    }
}
