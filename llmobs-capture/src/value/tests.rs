use serde_json::{Map, Value, json};

use super::{
    fields, for_each_string, given, lengths, named, reduce, reduce_each, reduce_object, replace, shorten,
    weight,
};

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

#[test]
fn texts_are_edited_and_keys_are_not() {
    let mut value = json!({ "a": ["b", { "c": "d" }, 1, null], "e": "f" });
    for_each_string(&mut value, &mut |text| text.push('!'));
    assert_eq!(value, json!({ "a": ["b!", { "c": "d!" }, 1, null], "e": "f!" }));
}

#[test]
fn values_that_are_too_large_are_shortened() {
    let long = "words and ".repeat(1_000);
    let whole = json!({ "a": long, "b": [long, 1], "c": 1 });
    assert!((20_000..21_000).contains(&weight(&object(whole.clone()))));
    let mut value = whole.clone();
    reduce(&mut value, 30_000);
    assert_eq!(value, whole);
    reduce(&mut value, 2_000);
    assert!(value.to_string().len() < 2_100 && value["c"] == 1 && value["b"][1] == 1, "{value}");
    let mut fields = object(whole.clone());
    reduce_each(&mut fields, 12_000);
    assert_eq!(Value::from(fields.clone()), whole);
    reduce_each(&mut fields, 1_000);
    assert!(weight(&fields) < 3_000 && fields.len() == 3);
    let mut fields = object(whole);
    reduce_object(&mut fields, 1_000);
    assert!(weight(&fields) < 1_500 && fields.len() == 3, "{fields:?}");
}

#[test]
fn empty_texts_are_left_out() {
    assert_eq!((given("a"), given("")), (Some("a".to_owned()), None));
    assert_eq!((named("a"), named("")), (Some("a".to_owned()), None));
    assert!(named("a".repeat(20_000)).is_some_and(|name| name.ends_with("a… [first 16384 bytes]")));
    assert_eq!(lengths([&None, &Some("four".to_owned()), &Some("seven".to_owned())]), 9);
    let given =
        fields([("a", Some(json!(""))), ("b", None), ("c", Some(json!([]))), ("d", Some(json!("e")))]);
    assert_eq!(Value::from(given), json!({ "c": [], "d": "e" }));
    let mut old = Some(1);
    replace(&mut old, None);
    assert_eq!(old, Some(1));
    replace(&mut old, Some(2));
    assert_eq!(old, Some(2));
    let mut text = "0123456789".to_owned();
    shorten(&mut text, 10);
    assert_eq!(text, "0123456789");
    shorten(&mut text, 4);
    assert_eq!(text, "01… [6 bytes left out] …89");
}
