//! Values whose code fails, panics, never ends or creates spans.

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
            Self::FailsAtLength => Err(S::Error::custom("x".repeat(1_000_000))),
        }
    }
}

#[test]
fn a_failed_value_is_replaced_by_its_type_and_the_reason() {
    let name = type_name::<Broken>();
    let failed = format!("<{name}: cannot be captured: no \"list\">");
    assert_eq!(unquoted(&whole(&Broken::Fails)), failed);
    assert_eq!(unquoted(&whole(&&Broken::Fails)), failed);
    assert_eq!(unquoted(&whole(&Broken::Panics)), format!("<{name}: panicked while being captured>"));
    // After a panic, the text of the outer value is discarded.
    assert_eq!(
        unquoted(&whole(&[Broken::Panics])),
        format!("<{}: panicked while being captured>", type_name::<[Broken; 1]>())
    );
}

#[derive(serde::Serialize)]
struct Around<T> {
    before: [u8; 2],
    broken: T,
    after: &'static str,
}

fn around<T>(broken: T) -> Around<T> {
    Around { before: [1, 2], broken, after: "after" }
}

#[test]
fn a_failed_value_does_not_affect_the_value_around_it() {
    #[derive(serde::Serialize)]
    struct Newtype<T>(T);
    #[derive(serde::Serialize)]
    enum Variants<T> {
        One(T),
        Two(u8, T),
        Named { broken: T },
    }
    struct Keys;
    impl Serialize for Keys {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(Some(Broken::Fails), 1), (None, 2)])
        }
    }
    let note = format!("<{}: cannot be captured: no \"list\">", type_name::<Broken>());
    let json = |json: String| {
        serde_json::from_str::<Value>(&json).unwrap_or_else(|error| panic!("{error} in {json}"))
    };
    let fails = || Broken::Fails;
    let inside = |broken: Value| json!({ "before": [1, 2], "broken": broken, "after": "after" });
    assert_eq!(json(whole(&around(fails()))), inside(json!(note)));
    assert_eq!(json(whole(&around(vec![Some(fails()), None]))), inside(json!([note, null])));
    assert_eq!(json(whole(&around((1, Newtype(fails()))))), inside(json!([1, note])));
    assert_eq!(json(whole(&around(Variants::One(fails())))), inside(json!({ "One": note })));
    assert_eq!(json(whole(&around(Variants::Two(1, fails())))), inside(json!({ "Two": [1, note] })));
    assert_eq!(
        json(whole(&around(Variants::Named { broken: fails() }))),
        inside(json!({ "Named": { "broken": note } }))
    );
    assert_eq!(json(whole(&around(around(fails())))), inside(inside(json!(note))));
    assert_eq!(json(whole(&Keys)), json!({ note.as_str(): 1, "null": 2 }));
    // The text is valid JSON with each budget.
    let long = around((fails(), ["a long text, ".repeat(40), "another one, ".repeat(40)], fails()));
    for limit in 0..whole(&long).len() {
        json(within(&long, limit));
    }
}

#[test]
fn the_reason_is_limited() {
    let text = unquoted(&whole(&Broken::FailsAtLength));
    let start = format!("<{}: cannot be captured: xxxx", type_name::<Broken>());
    assert!(text.starts_with(&start), "{text:.200}");
    assert!(text.len() < 5000, "{} bytes", text.len());
}

#[test]
fn text_before_a_broken_value_is_kept() {
    for broken in [Broken::Fails, Broken::Panics] {
        let mut out = String::from("{\"first\":[1],\"second\":");
        serialize(&broken, usize::MAX, &mut out);
        out.push('}');
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value, json!({ "first": [1], "second": unquoted(&whole(&broken)) }));
    }
}

/// Continues after an element that could not be serialized, against the contract of `Serialize`.
struct IgnoresErrors<T>(Vec<T>);

impl<T: Serialize> Serialize for IgnoresErrors<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for element in &self.0 {
            let _ = list.serialize_element(element);
        }
        list.end()
    }
}

#[test]
fn a_value_that_ignores_errors_is_valid_json() {
    let long = IgnoresErrors(vec![json!([["long", { "text": [1, 2] }]]); 3]);
    for limit in 0..80 {
        let json = within(&long, limit);
        serde_json::from_str::<Value>(&json)
            .unwrap_or_else(|error| panic!("limit {limit}: {error} in {json}"));
    }
    let json = whole(&IgnoresErrors(vec![Broken::Fails, Broken::Fails]));
    serde_json::from_str::<Value>(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
    // A value that is one level too deep, with the error ignored.
    let mut deep = json!([]);
    for _ in 0..130 {
        deep = json!([1, deep, 2]);
    }
    let json = whole(&IgnoresErrors(vec![deep.clone(), deep]));
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
fn debug_output_that_fails_or_never_ends_is_a_string() {
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
    // `Text \"so\u0007` is 15 bytes of JSON, and "…and on" nine.
    assert_eq!(shown(&endless, 35), "Text \"so\u{7}…and on…and on… [first 33 bytes]");
    assert_eq!(endless_pieces(&endless), 3);
    // A text that is cut before the error is a cut text.
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

/// Shows whether spans can be started.
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

/// Not a lock.
#[derive(serde::Serialize)]
struct PaymentMutex;

/// Also not a lock.
#[derive(serde::Serialize)]
struct MutexSettings<T>(T);

#[test]
fn capturing_does_not_wait_for_locks() {
    use std::rc::Rc;
    use std::sync::{Arc, Mutex, RwLock};

    use dashmap::{DashMap, DashSet};
    use parking_lot::{FairMutex, ReentrantMutex};

    /// Checks that a note replaces a lock at each position.
    fn check<T: Serialize>(lock: T) {
        struct Pairs<T>(T);
        impl<T: Serialize> Serialize for Pairs<&T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([(self.0, MutexSettings(self.0))])
            }
        }
        let name = type_name::<T>().trim_start_matches('&');
        let note = format!("<{name}: not captured, because reading it may wait for a lock>");
        assert_eq!(unquoted(&whole(&lock)), note);
        let lock = around(MutexSettings((&lock, [(Some(&lock), 1)])));
        let json: Value = serde_json::from_str(&whole(&lock)).unwrap();
        assert_eq!(json, json!({ "before": [1, 2], "broken": [note, [[note, 1]]], "after": "after" }));
        let (lock, _) = &lock.broken.0;
        assert_eq!(whole(&Pairs(*lock)), format!("{{\"{note}\":\"{note}\"}}"));
        assert_eq!(whole(&Pairs(&MutexSettings(*lock))), format!("{{\"{note}\":\"{note}\"}}"));
    }

    let (mutex, rw_lock) = (Mutex::new(1), RwLock::new("text"));
    let _held = (mutex.lock().unwrap(), rw_lock.write().unwrap());
    check(&mutex);
    check(&rw_lock);
    let mutex = Arc::new(Mutex::new(vec![1]));
    let _held = mutex.lock().unwrap();
    check(&mutex);
    check(Arc::clone(&mutex));
    check(Rc::new(Box::new(RwLock::new(()))));
    check(std::cell::RefCell::new(Arc::clone(&mutex)));
    check(std::cmp::Reverse(std::cell::RefCell::new(&*mutex)));
    let (mutex, fair) = (parking_lot::Mutex::new(1), FairMutex::new(1));
    let _held = (mutex.lock(), fair.lock());
    check(&mutex);
    check(&fair);
    let rw_lock = parking_lot::RwLock::new(1);
    let _held = rw_lock.write();
    check(&rw_lock);
    check(ReentrantMutex::new(1));
    let map: DashMap<i32, i32> = [(1, 2)].into_iter().collect();
    let _held = map.get_mut(&1);
    check(&map);
    check(DashSet::<i32>::new());

    assert_eq!(whole(&PaymentMutex), "null");
    assert_eq!(whole(&MutexSettings("fine")), r#""fine""#);
    assert_eq!(whole(&Some(MutexSettings(vec!["fine"]))), r#"["fine"]"#);

    let shown = |debug: &dyn Fn(&mut String)| {
        let mut out = String::new();
        debug(&mut out);
        unquoted(&out)
    };
    let note = format!(
        "<{}: not captured, because reading it may wait for a lock>",
        type_name::<DashMap<i32, i32>>()
    );
    assert_eq!(shown(&|out| debug(&&map, 100, out)), note);
    // The `Debug` of these types does not wait for the lock.
    assert_eq!(shown(&|out| debug(&rw_lock, 100, out)), "RwLock { data: <locked> }");
}

#[cfg(unix)]
#[test]
fn paths_with_invalid_utf_8_are_texts() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::{Path, PathBuf};

    use crate::Plain;

    fn shown<T: Plain + ?Sized>(value: &T, limit: usize) -> String {
        let mut out = String::new();
        value.capture(limit, &mut out);
        out
    }
    let text = OsStr::from_bytes(b"/tmp/\xff\"");
    let path = Path::new(text);
    for json in [
        shown(text, 100),
        shown(&OsString::from(text), 100),
        shown(path, 100),
        shown(&PathBuf::from(text), 100),
        shown(&Some(&path), 100),
    ] {
        assert_eq!(json, "\"/tmp/\u{fffd}\\\"\"");
    }
    assert_eq!(shown(&[path, Path::new("a")][..], 100), "[\"/tmp/\u{fffd}\\\"\",\"a\"]");
    assert_eq!(shown(Path::new("a long path"), 6), "\"a l… [5 bytes left out] …ath\"");
    // serde rejects such a path, so that inside another value only its type is shown.
    let note = "<std::path::Path: cannot be captured: path contains invalid UTF-8 characters>";
    assert_eq!(unquoted(&shown(path, 6)), note);
    assert_eq!(whole(&(1, path)), format!("[1,\"{note}\"]"));
}
