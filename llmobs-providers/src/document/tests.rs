use serde_json::{Value, json};

use super::Document;

#[test]
fn the_wire_form_leaves_out_what_is_not_known() {
    let json = |document: &Document| serde_json::to_string(document).unwrap();
    assert_eq!(json(&Document::new("It rains.")), r#"{"text":"It rains."}"#);
    let document = Document::new("It rains.").name("weather.md").id("7").score(0.0);
    assert_eq!(json(&document), r#"{"text":"It rains.","name":"weather.md","id":"7","score":0.0}"#);
    assert_eq!(
        Value::from(document),
        json!({ "text": "It rains.", "name": "weather.md", "id": "7", "score": 0.0 })
    );
}

#[test]
fn a_score_is_any_finite_number() {
    assert_eq!(Document::new("").score(1_u8).score, Some(1.into()));
    assert_eq!(Document::new("").score(Some(&2)).score, Some(2.into()));
    assert_eq!(Document::new("").score(1).score(f32::NAN).score, None);
    assert_eq!(Document::new("").score(None::<f64>).score, None);
}
