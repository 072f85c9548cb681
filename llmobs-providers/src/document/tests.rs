use serde_json::{Value, json};

use super::Document;

#[test]
fn unknown_fields_are_omitted_in_the_wire_form() {
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
    assert_eq!(Document::new("").score(f32::NAN).score, None);
    assert_eq!(Document::new("").score(None::<f64>).score, None);
    let scored =
        Document::new("").score(1).score(f32::NAN).score(None::<f64>).name(None::<&str>).id(None::<&str>);
    assert_eq!(scored, Document::new("").score(1));
}

#[test]
fn serialized_values_are_read_again() {
    let read = |json: &str| serde_json::from_str::<Document>(json);
    for document in [Document::new("It rains.").name("weather.md").id("7").score(0.5), Document::new("")] {
        assert_eq!(read(&serde_json::to_string(&document).unwrap()).unwrap(), document);
    }
    assert_eq!(read(r#"{"text":"t","name":null,"rank":1}"#).unwrap(), Document::new("t"));
    assert_eq!(read(r#"{"name":"n"}"#).unwrap_err().to_string(), "missing field `text`");
    let error = read(r#"{"text":"t","score":"high"}"#).unwrap_err().to_string();
    assert_eq!(error, "score: invalid type: string \"high\", expected a JSON number");
}
