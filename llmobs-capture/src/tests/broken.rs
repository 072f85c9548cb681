//! Values whose own code fails, panics, never ends or makes spans.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;

use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::{Value, json};

use super::super::{debug, opaque, serialize};
use super::{unquoted, whole, within};
use crate::guard::is_muted;

enum Broken {
    Fails,
    Panics,
    FailsInKey,
    FailsAtLength,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("before", &[1, 2])?;
        map.serialize_key("list")?;
        match self {
            Self::Fails => Err(S::Error::custom("no \"list\"")),
            Self::Panics => panic!("in the middle"),
            Self::FailsInKey => map.serialize_entry(&Self::Fails, &1).and_then(|()| map.end()),
            Self::FailsAtLength => Err(S::Error::custom("x".repeat(1_000_000))),
        }
    }
}

#[test]
fn a_value_that_fails_or_panics_in_the_middle_leaves_its_type_and_the_reason() {
    let name = type_name::<Broken>();
    let failed = format!("<{name}: cannot be captured: no \"list\">");
    assert_eq!(unquoted(&whole(&Broken::Fails)), failed);
    assert_eq!(unquoted(&whole(&Broken::FailsInKey)), failed);
    assert_eq!(unquoted(&whole(&Broken::Panics)), format!("<{name}: panicked while being captured>"));
    // The type that is named is the one that was captured, whatever was inside of it.
    assert_eq!(
        unquoted(&whole(&[Broken::Fails])),
        format!("<{}: cannot be captured: no \"list\">", type_name::<[Broken; 1]>())
    );
}

#[test]
fn the_reason_has_a_budget_too() {
    let text = unquoted(&whole(&Broken::FailsAtLength));
    let start = format!("<{}: cannot be captured: xxxx", type_name::<Broken>());
    assert!(text.starts_with(&start), "{text:.200}");
    assert!(text.len() < 5000, "{} bytes", text.len());
}

#[test]
fn what_stands_before_a_broken_value_stays() {
    for broken in [Broken::Fails, Broken::Panics] {
        let mut out = String::from("{\"first\":[1],\"second\":");
        serialize(&broken, usize::MAX, &mut out);
        out.push('}');
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value, json!({ "first": [1], "second": unquoted(&whole(&broken)) }));
    }
}

/// Goes on after an element that could not be written, which no reader of `Serialize` expects.
struct Stubborn<T>(Vec<T>);

impl<T: Serialize> Serialize for Stubborn<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for element in &self.0 {
            let _ = list.serialize_element(element);
        }
        list.end()
    }
}

#[test]
fn a_value_that_ignores_errors_is_valid_json_all_the_same() {
    let long = Stubborn(vec![json!([["long", { "text": [1, 2] }]]); 3]);
    for limit in 0..80 {
        let json = within(&long, limit);
        serde_json::from_str::<Value>(&json)
            .unwrap_or_else(|error| panic!("limit {limit}: {error} in {json}"));
    }
    let json = whole(&Stubborn(vec![Broken::Fails, Broken::Fails]));
    serde_json::from_str::<Value>(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
    // A level too deep, ignored by each level above.
    let mut deep = json!([]);
    for _ in 0..130 {
        deep = json!([1, deep, 2]);
    }
    let json = whole(&Stubborn(vec![deep.clone(), deep]));
    serde_json::from_str::<Value>(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
}

enum Text {
    Fine,
    Fails,
    Panics,
    Endless(Cell<u32>),
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text \"so\u{7}")?;
        match self {
            Self::Fine => Ok(()),
            Self::Fails => Err(fmt::Error),
            Self::Panics => panic!("in the middle"),
            Self::Endless(pieces) => loop {
                pieces.set(pieces.get() + 1);
                assert!(pieces.get() < 10_000, "the budget does not stop this");
                f.write_str("…and on")?;
            },
        }
    }
}

#[test]
fn debug_text_is_a_string_however_it_ends() {
    let shown = |text: &Text, limit: usize| {
        let mut out = String::from("before:");
        debug(text, limit, &mut out);
        unquoted(out.strip_prefix("before:").unwrap())
    };
    let name = type_name::<Text>();
    assert_eq!(shown(&Text::Fine, 100), "Text \"so\u{7}");
    assert_eq!(shown(&Text::Fails, 100), format!("<{name}: cannot be captured: {}>", fmt::Error));
    assert_eq!(shown(&Text::Panics, 100), format!("<{name}: panicked while being captured>"));
    let endless = Text::Endless(Cell::new(0));
    // `Text \"so\u0007` is 15 bytes of JSON; "…and on" has 9, of which the "…" takes three.
    assert_eq!(shown(&endless, 35), "Text \"so\u{7}…and on…and on… [first 33 bytes]");
    assert_eq!(endless_pieces(&endless), 3);
    // What was cut before it could fail is a text that was cut.
    assert_eq!(shown(&Text::Fails, 4), "Text… [first 4 bytes]");
}

fn endless_pieces(text: &Text) -> u32 {
    match text {
        Text::Endless(pieces) => pieces.get(),
        _ => 0,
    }
}

#[test]
fn opaque_values_show_the_path_of_their_type() {
    struct Hidden;
    let shown = |f: fn(&mut String)| {
        let mut out = String::from("a:");
        f(&mut out);
        unquoted(out.strip_prefix("a:").unwrap())
    };
    assert_eq!(shown(opaque::<std::sync::Mutex<str>>), "<std::sync::poison::mutex::Mutex<str>>");
    assert_eq!(shown(opaque::<Hidden>), format!("<{}>", type_name::<Hidden>()));
    assert!(shown(opaque::<Hidden>).starts_with("<llmobs_capture::tests::"));
    assert_eq!(shown(opaque::<dyn Fn(&'static str)>), "<dyn core::ops::function::Fn(&str)>");
}

/// Shows whether it may start spans.
struct Traced;

impl Serialize for Traced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(is_muted())
    }
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", is_muted())
    }
}

#[test]
fn code_of_the_user_is_muted() {
    let mut out = String::new();
    serialize(&Traced, 100, &mut out);
    debug(&Traced, 100, &mut out);
    assert_eq!(out, r#"true"true""#);
    assert!(!is_muted());
}

/// Locks of other crates have other names before the end.
#[derive(serde::Serialize)]
struct FairMutex;

/// Not a lock.
#[derive(serde::Serialize)]
struct MutexSettings<T>(T);

#[test]
fn locks_are_not_taken() {
    use std::sync::{Arc, Mutex, RwLock};

    let lock = |json: String| json.starts_with("\"<") && json.ends_with(">\"");
    assert!(lock(whole(&Mutex::new(1))) && lock(whole(&RwLock::new("text"))));
    assert!(lock(whole(&Arc::new(Mutex::new(1)))) && lock(whole(&Some([Mutex::new(1)]))));
    assert!(lock(whole(&(1, vec![RwLock::new(1)]))) && lock(whole(&(RwLock::new(1), 1))));
    assert!(lock(whole(&FairMutex)));
    assert_eq!(whole(&MutexSettings("fine")), r#""fine""#);
    assert_eq!(whole(&Some(MutexSettings(vec!["fine"]))), r#"["fine"]"#);
}
