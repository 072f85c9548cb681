//! Large, endless and deep values are cut with a note, and are valid JSON.

use std::cell::Cell;
use std::fmt;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::{Value, json};

use super::super::debug;
use super::super::text::{cut, push_string, shortened};
use super::{unquoted, whole, within};

/// Returns the longest prefix of `text` with at most `limit` bytes that ends between characters.
fn fitting(text: &str, limit: usize) -> &str {
    let ends = text.char_indices().map(|(start, char)| start + char.len_utf8());
    let end = ends.take_while(|end| *end <= limit).last().unwrap_or_default();
    text.split_at(end).0
}

#[test]
fn a_string_of_ten_megabytes_loses_its_middle() {
    let text = "0123456789".repeat(1_000_000);
    let (head, tail) = (text.split_at(512).0, text.split_at(text.len() - 512).1);
    assert_eq!(within(&text, 1024), format!("\"{head}… [9998976 bytes left out] …{tail}\""));
    // Escapes count: three bytes of text are four bytes of JSON.
    let lines = "ab\n".repeat(3_000_000);
    let json = within(&lines, 1000);
    let half = "ab\n".repeat(125);
    assert_eq!(unquoted(&json), format!("{half}… [8999250 bytes left out] …{half}"));
    assert!(json.len() < 1000 + 40, "{} bytes", json.len());
    // Only escapes, which are never split.
    let quotes = within(&"\"".repeat(1_000_000), 9);
    assert_eq!(quotes, r#""\"\"… [999996 bytes left out] …\"\"""#);
    let controls = within(&"\u{1}".repeat(1_000_000), 25);
    assert_eq!(controls, r#""\u0001\u0001… [999996 bytes left out] …\u0001\u0001""#);
}

/// Returns the beginning and the end of `text` that fit, with a note between them.
fn without_middle(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let head = fitting(text, limit - limit / 2);
    let mut start = text.len() - limit / 2;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    format!("{head}… [{} bytes left out] …{}", start - head.len(), text.split_at(start).1)
}

#[test]
fn a_cut_never_splits_a_character() {
    let text = "aé€😀z漢\u{301}ñ🦀!";
    for limit in 0..=text.len() {
        let expected = without_middle(text, limit);
        assert_eq!(unquoted(&within(text, limit)), expected, "as a value, limit {limit}");
        assert_eq!(shortened(text, limit), expected, "as plain text, limit {limit}");
        let mut out = "before".to_owned();
        push_string(text, limit, &mut out);
        assert_eq!(unquoted(out.strip_prefix("before").unwrap()), expected, "appended, limit {limit}");
        let kept = fitting(text, limit);
        let expected = if kept == text {
            text.to_owned()
        } else {
            format!("{kept}… [{} of {} bytes]", kept.len(), text.len())
        };
        assert_eq!(cut(text, limit), expected, "a label, limit {limit}");
    }
}

/// Text that arrives in pieces, with an unknown total length.
struct Pieces(&'static [&'static str]);

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl Serialize for Pieces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

#[test]
fn formatted_text_is_cut_between_characters_of_pieces() {
    let pieces = Pieces(&["aé", "", "€😀z", "漢\u{301}", "ñ🦀", "!"]);
    let text = pieces.0.concat();
    for limit in 0..=text.len() {
        let kept = fitting(&text, limit);
        let expected =
            if kept == text { text.clone() } else { format!("{kept}… [first {} bytes]", kept.len()) };
        assert_eq!(unquoted(&within(&pieces, limit)), expected, "Display, limit {limit}");
        let mut out = String::new();
        debug(&pieces, limit, &mut out);
        assert_eq!(unquoted(&out), expected, "Debug, limit {limit}");
    }
}

/// A list that fails the test if far more elements are read than fit.
struct Long {
    length: u64,
    taken: Cell<u64>,
}

impl Long {
    fn new(length: u64) -> Self {
        Self { length, taken: Cell::new(0) }
    }

    fn take(&self) {
        self.taken.set(self.taken.get() + 1);
        assert!(self.taken.get() < 10_000, "the budget does not stop this");
    }
}

impl Serialize for Long {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.length).map(|_| {
            self.take();
            12345
        }))
    }
}

#[test]
fn a_list_of_a_billion_elements_is_cut() {
    let list = Long::new(1_000_000_000);
    // An opening bracket and elements of five digits and a comma, until there are at least 60 bytes.
    let expected = format!("[{}\"… [first 60 bytes]\"]", "12345,".repeat(10));
    assert_eq!(within(&list, 60), expected);
    assert_eq!(list.taken.get(), 11);
}

/// An endless map.
struct Endless(Long);

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        loop {
            self.0.take();
            map.serialize_entry("k", &[0_u8; 2])?;
        }
    }
}

#[test]
fn an_endless_map_is_cut() {
    let entries = r#""k":[0,0],"#.repeat(5);
    assert_eq!(within(&Endless(Long::new(0)), 50), format!("{{{entries}\"…\":\"… [first 50 bytes]\"}}"));
}

/// A mixed value, partly deep, with brackets, colons and commas in texts.
fn nested() -> Value {
    json!({
        "a:[": ["x,", ["y{", [1.5, null, { "z": [[], {}, "é😀\n\"", true] }]], -12],
        "b": { "c": { "d": { "e": "a longer text, with [brackets] and {braces}:" } }, "f": [{}, [[[]]]] },
        "g": [[1, 2], [3, 4], "end["]
    })
}

#[test]
fn each_budget_gives_valid_json_of_about_that_size() {
    let value = nested();
    let full = value.to_string();
    assert!(full.len() > 150 && full.len() < 220, "{} bytes", full.len());
    for limit in 0..=full.len() + 40 {
        let json = within(&value, limit);
        let parsed: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("limit {limit}: {error} in {json}"));
        assert!(json.len() <= limit + 90, "limit {limit}: {} bytes: {json}", json.len());
        // The kept text is a prefix of the whole text.
        let kept = json.split_once("… [").map_or(json.as_str(), |(kept, _)| kept);
        let kept = kept.trim_end_matches(['"', '…', ':', ',']);
        assert!(full.starts_with(kept), "limit {limit}: {json}");
        // A text leaves a quarter of the budget for later data, and its beginning has half of the rest. The longest text
        // has 45 bytes.
        assert!(kept.len() + 12 + 45 * 5 / 8 > limit.min(full.len()), "limit {limit} keeps only {kept}");
        assert_eq!(parsed == value, json == full);
        if limit >= full.len() {
            assert_eq!(json, full);
        } else if limit + 10 < full.len() {
            assert!(json.contains(" bytes]"), "limit {limit} gives no note: {json}");
        }
    }
}

#[test]
fn each_budget_gives_valid_json_of_enum_variants() {
    /// Nested variants.
    struct Variants(u8);
    impl Serialize for Variants {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::{SerializeStructVariant as _, SerializeTupleVariant as _};
            let below = Self(self.0.saturating_sub(1));
            match self.0 {
                0 => serializer.serialize_unit_variant("V", 0, "unit"),
                1 | 4 => serializer.serialize_newtype_variant("V", 1, "newtype", &below),
                2 | 5 => {
                    let mut tuple = serializer.serialize_tuple_variant("V", 2, "tuple", 2)?;
                    tuple.serialize_field(&below)?;
                    tuple.serialize_field("after")?;
                    tuple.end()
                }
                _ => {
                    let mut fields = serializer.serialize_struct_variant("V", 3, "struct", 2)?;
                    fields.serialize_field("below", &below)?;
                    fields.serialize_field("after", &(1, 2))?;
                    fields.end()
                }
            }
        }
    }
    let full = serde_json::to_string(&Variants(6)).unwrap();
    for limit in 0..=full.len() {
        let json = within(&Variants(6), limit);
        serde_json::from_str::<Value>(&json)
            .unwrap_or_else(|error| panic!("limit {limit}: {error} in {json}"));
    }
    assert_eq!(within(&Variants(6), full.len()), full);
}

#[test]
fn long_keys_are_cut() {
    /// Two entries with the keys "kkk…" and "lll…".
    struct LongKeys;
    impl Serialize for LongKeys {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(["k", "l"].map(|letter| (letter.repeat(1_000_000), 1)))
        }
    }
    let [k49, k50, k2048, l2048] =
        [("k", 49), ("k", 50), ("k", 2048), ("l", 2048)].map(|(letter, times)| letter.repeat(times));
    assert_eq!(
        within(&LongKeys, 100),
        format!("{{\"{k50}… [999901 bytes left out] …{k49}\":1,\"…\":\"… [first 100 bytes]\"}}")
    );
    // Keys have a separate limit.
    assert_eq!(
        whole(&LongKeys),
        format!(
            "{{\"{k2048}… [995904 bytes left out] …{k2048}\":1,\"{l2048}… [995904 bytes left out] …{l2048}\":1}}"
        )
    );
}

/// Nested arrays, objects, variants, or maps as keys.
struct Nest {
    levels: u64,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Arrays,
    Objects,
    Variants,
    Keys,
}

impl Serialize for Nest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(levels) = self.levels.checked_sub(1) else {
            return serializer.serialize_str("core");
        };
        let below = Self { levels, ..*self };
        match self.form {
            Form::Arrays => {
                let mut list = serializer.serialize_seq(None)?;
                list.serialize_element(&below)?;
                list.end()
            }
            Form::Objects => serializer.collect_map([("k", below)]),
            Form::Variants => serializer.serialize_newtype_variant("V", 0, "v", &below),
            Form::Keys => serializer.collect_map([(below, 1)]),
        }
    }
}

#[test]
fn a_value_is_cut_before_the_depth_limit_of_serde_json() {
    for (form, open, close) in
        [(Form::Arrays, "[", "]"), (Form::Objects, "{\"k\":", "}"), (Form::Variants, "{\"v\":", "}")]
    {
        let nested =
            |levels: usize, core: &str| format!("{}{core}{}", open.repeat(levels), close.repeat(levels));
        // The limit of the stack can be reached before.
        let (kept, all) = if cfg!(debug_assertions) { (48, 126) } else { (64, 126) };
        for levels in [0, 1, kept - 1, kept] {
            let json = whole(&Nest { levels, form });
            assert_eq!(json, nested(usize::try_from(levels).unwrap(), "\"core\""));
            serde_json::from_str::<Value>(&json).unwrap();
        }
        for levels in [127, 128, 129, 100_000, u64::MAX] {
            let json = whole(&Nest { levels, form });
            let shown = json.split_once("\"…").map_or(0, |(brackets, _)| brackets.matches(open).count());
            assert_eq!(json, nested(shown, "\"… [nested too deep]\""));
            assert!(usize::try_from(kept).unwrap() <= shown && shown <= all, "{shown} levels");
            serde_json::from_str::<Value>(&json).unwrap();
        }
    }
}

#[test]
fn nested_keys_do_not_overflow_the_stack() {
    let json = within(&Nest { levels: u64::MAX, form: Form::Keys }, 10_000);
    let value: Value = serde_json::from_str(&json).unwrap();
    assert!(value.is_object() && json.len() < 10_100, "{} bytes", json.len());
}

#[test]
fn values_beyond_both_depth_and_budget_are_valid_json() {
    let nest = Nest { levels: 1000, form: Form::Objects };
    for limit in 0..700 {
        let json = within(&nest, limit);
        serde_json::from_str::<Value>(&json)
            .unwrap_or_else(|error| panic!("limit {limit}: {error} in {json}"));
    }
}

#[test]
fn a_cut_value_does_not_affect_the_next_one() {
    let nest = Nest { levels: 200, form: Form::Arrays };
    let fields = format!("\"deep\":{},\"cut\":{}", whole(&nest), within("four", 2));
    serde_json::from_str::<Value>(&format!("{{{fields}}}")).unwrap();
    assert!(fields.ends_with(",\"cut\":\"f… [2 bytes left out] …r\""), "{fields}");
}
