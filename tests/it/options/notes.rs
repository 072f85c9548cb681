//! `tags(…)`, `metadata(…)`, `metrics(…)`, `version = …`

use super::*;

struct Answer {
    text: &'static str,
    tokens: Option<u32>,
}

#[llmobs::llm(
    tags(tier = tier, "user.plan" = format!("{tier}!"), cache.hit = ret.is_some(), none = None::<&str>),
    metadata(temperature = 0.5, options = json!({ "n": 1 }), seen = ret.as_ref().map(|answer| answer.text)),
    metrics(input_tokens = 3, output_tokens = ret.as_ref().and_then(|answer| answer.tokens), cost = 0.25_f32),
    skip_output
)]
fn described(tier: &str, answer: Option<Answer>) -> Result<Option<Answer>, String> {
    if tier == "none" { Err("no tier".to_owned()) } else { Ok(answer) }
}

#[test]
fn are_tags_metadata_and_metrics() {
    let events = events(|| {
        let answer = described("free", Some(Answer { text: "yes", tokens: Some(7) })).unwrap().unwrap();
        assert_eq!((answer.text, answer.tokens), ("yes", Some(7)));
        assert!(described("paid", None).unwrap().is_none());
        described("none", None).err().unwrap();
    });
    let keys = ["tier", "user.plan", "cache.hit", "none"];
    let seen: Vec<_> = events
        .iter()
        .map(|event| (tags(event, &keys), event["meta"]["metadata"].clone(), event["metrics"].clone()))
        .collect();
    let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let metadata = json!({ "temperature": 0.5, "options": { "n": 1 } });
    let with = |seen: Value| json!({ "temperature": 0.5, "options": { "n": 1 }, "seen": seen });
    let expected = [
        (
            owned(&["cache.hit:true", "tier:free", "user.plan:free!"]),
            with(json!("yes")),
            json!({ "cost": 0.25, "input_tokens": 3, "output_tokens": 7 }),
        ),
        (
            owned(&["cache.hit:false", "tier:paid", "user.plan:paid!"]),
            metadata.clone(),
            json!({ "cost": 0.25, "input_tokens": 3 }),
        ),
        // Expressions with `ret` are not evaluated after an error.
        (owned(&["tier:none", "user.plan:none!"]), metadata, json!({ "cost": 0.25, "input_tokens": 3 })),
    ];
    assert_eq!(seen, expected);
}

#[llmobs::task(tags(a = "option", b = "option", c = ret, d = ret), metrics(n = 1, late = *ret), metadata(m = "option"))]
fn annotated() -> u8 {
    llmobs::annotate(|note| {
        note.tag("a", "annotated")
            .tag("c", "annotated")
            .tag("e", "annotated")
            .metric("n", 2)
            .metric("late", 3)
            .metadata("m", "annotated");
    });
    9
}

#[test]
fn do_not_replace_annotations() {
    let event = events(|| assert_eq!(annotated(), 9)).swap_remove(0);
    assert_eq!(
        tags(&event, &["a", "b", "c", "d", "e"]),
        ["a:annotated", "b:option", "c:annotated", "d:9", "e:annotated"]
    );
    assert_eq!(
        (&event["metrics"], &event["meta"]["metadata"]),
        (&json!({ "n": 2, "late": 3 }), &json!({ "m": "annotated" }))
    );
}

#[llmobs::agent(version = version)]
fn agent(version: &str) {}

#[test]
fn set_the_version_of_an_agent() {
    let events = events(|| {
        agent("1.2.3");
        agent("");
    });
    let versions: Vec<_> = events.iter().map(|event| tags(event, &["agent_version"])).collect();
    assert_eq!(versions, [vec!["agent_version:1.2.3".to_owned()], vec![]]);
}
