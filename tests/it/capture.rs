//! How values are captured: as precisely as their type allows, within a budget, and never in place of annotations.

use std::collections::HashMap;

use expect_test::expect;
use llmobs::testing::Collector;
use serde::Serialize;

#[derive(Serialize)]
struct Json {
    text: &'static str,
}

#[derive(Debug, Default)]
struct Shown;

struct Opaque;

#[llmobs::task]
fn each_way(json: Json, shown: Shown, opaque: Opaque, moved: HashMap<u8, f64>) -> Opaque {
    drop((json.text, shown, moved));
    opaque
}

#[test]
fn uses_json_then_debug_then_the_type_name_before_the_body_runs() {
    let tree = expect![[r#"
        task each_way  in {"json":{"text":"t"},"shown":"Shown","opaque":"<it::capture::Opaque>","moved":{"1":"NaN"}}  out <it::capture::Opaque>
    "#]];
    let collector = Collector::new();
    collector.enter(|| {
        each_way(Json { text: "t" }, Shown, Opaque, HashMap::from([(1, f64::NAN)]));
    });
    tree.assert_eq(&collector.tree());
}

#[llmobs::task(input = Shown, output = Opaque, metadata(shown = Shown, opaque = Opaque))]
fn by_expression() {}

#[llmobs::task]
fn shown_items() -> impl Iterator<Item = Shown> {
    [Shown, Shown].into_iter()
}

#[llmobs::task]
fn opaque_items() -> impl Iterator<Item = Result<Opaque, Opaque>> {
    [Ok(Opaque), Err(Opaque)].into_iter()
}

#[llmobs::task(fold = |_: &mut Shown, _| ())]
fn folded() -> impl Iterator<Item = u8> {
    [1].into_iter()
}

#[test]
fn uses_the_same_order_for_expressions_and_items() {
    let collector = Collector::new();
    collector.enter(|| {
        by_expression();
        assert_eq!((shown_items().count(), opaque_items().count(), folded().count()), (2, 2, 1));
    });
    let tree = expect![[r#"
        task by_expression  in Shown  out <it::capture::Opaque>
        task shown_items  out ["Shown","Shown"]
        task opaque_items  out ["<it::capture::Opaque>"]  error it::capture::Opaque: <it::capture::Opaque>
        task folded  out Shown
    "#]];
    tree.assert_eq(&collector.tree());
    let metadata = expect![[r#"{"opaque":"<it::capture::Opaque>","shown":"Shown"}"#]];
    metadata.assert_eq(&collector.events()[0]["meta"]["metadata"].to_string());
}

#[llmobs::task]
fn echo(text: &str) -> &str {
    text
}

mod paths {
    use std::ffi::OsStr;
    use std::path::{Path, PathBuf};

    use super::*;

    #[llmobs::task]
    fn parent(path: &Path, name: &OsStr) -> Option<PathBuf> {
        assert_ne!(path.as_os_str(), name);
        path.parent().map(Path::to_owned)
    }

    #[derive(Serialize)]
    struct Upload {
        path: PathBuf,
        bytes: u8,
    }

    #[llmobs::task]
    fn upload(upload: &Upload) -> u8 {
        assert!(upload.path.is_absolute());
        upload.bytes
    }

    #[cfg(unix)]
    #[test]
    fn are_captured_even_if_they_are_not_utf_8() {
        use std::os::unix::ffi::OsStrExt as _;

        let path = Path::new(OsStr::from_bytes(b"/a\xff/b"));
        let collector = Collector::new();
        collector.enter(|| {
            assert_eq!(parent(path, OsStr::from_bytes(b"\xff")).as_deref(), path.parent());
            assert_eq!(upload(&Upload { path: path.to_owned(), bytes: 1 }), 1);
        });
        expect![[r#"
            task parent  in {"path":"/a�/b","name":"�"}  out /a�
            task upload  in {"upload":{"path":"<std::path::PathBuf: cannot be captured: path contains invalid UTF-8 characters>","bytes":1}}  out 1
        "#]]
        .assert_eq(&collector.tree());
    }
}

mod wrappers {
    use std::cell::LazyCell;
    use std::fmt;
    use std::ops::Deref;
    use std::sync::{Arc, LazyLock};

    use axum::{Extension, Json};
    use serde_json::json;

    use super::*;

    #[llmobs::task]
    fn handle(
        Json(body): Json<serde_json::Value>,
        state: Extension<Arc<u8>>,
    ) -> Result<Json<Vec<u8>>, Json<u8>> {
        Ok(Json(vec![**state; body.as_object().map_or(0, serde_json::Map::len)]))
    }

    #[llmobs::llm]
    async fn complete(request: Json<serde_json::Value>) -> Json<serde_json::Value> {
        request
    }

    /// Hides its deref target in `Debug`.
    struct Key(String);

    impl fmt::Debug for Key {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Key(secret)")
        }
    }

    impl Deref for Key {
        type Target = String;
        fn deref(&self) -> &String {
            &self.0
        }
    }

    #[derive(Debug)]
    struct Panics(u8);

    impl Deref for Panics {
        type Target = u8;
        fn deref(&self) -> &u8 {
            panic!("{}", self.0)
        }
    }

    #[llmobs::task]
    fn looks_like_one(key: &Key, own: Key, panics: Panics) -> usize {
        key.0.len() + own.0.len() + usize::from(panics.0)
    }

    #[test]
    fn show_their_contents_unless_debug_hides_them() {
        let collector = Collector::new();
        collector.enter(|| {
            let sums = handle(Json(json!({ "a": 1 })), Extension(Arc::new(7)));
            assert_eq!(sums.unwrap().0, [7]);
            let chat = json!({ "messages": [{ "role": "user", "content": "hi ".repeat(3000) }] });
            assert_eq!(pollster::block_on(complete(Json(chat.clone()))).0, chat);
            assert_eq!(looks_like_one(&Key("hunter2".into()), Key("hunter2".into()), Panics(1)), 15);
        });
        let tree = collector.tree().replace(&"hi ".repeat(3000), "…");
        expect![[r#"
            task handle  in {"body":{"a":1},"state":7}  out [7]
            llm complete  in user: …  out user: …
            task looks_like_one  in {"key":"Key(secret)","own":"Key(secret)","panics":"Panics(1)"}  out 15
        "#]]
        .assert_eq(&tree);
    }

    /// A type like those that the macro of `lazy_static` generates.
    #[derive(Debug)]
    struct Static;

    impl Deref for Static {
        type Target = u8;
        fn deref(&self) -> &u8 {
            static LAZY: LazyLock<u8> = LazyLock::new(|| panic!("forced"));
            &LAZY
        }
    }

    type Cells = (LazyCell<Vec<u8>>, once_cell::unsync::Lazy<Vec<u8>>);

    #[llmobs::task]
    fn lazy(
        lock: LazyLock<u8>,
        cell: LazyCell<Vec<u8>>,
        sync: once_cell::sync::Lazy<Vec<u8>>,
        own: Static,
    ) -> Cells {
        drop((lock, sync, own));
        (cell, once_cell::unsync::Lazy::new(|| panic!("forced")))
    }

    #[test]
    fn that_are_lazy_are_not_evaluated() {
        let collector = Collector::new();
        collector.enter(|| {
            let forced: fn() -> Vec<u8> = || panic!("forced");
            let lock = LazyLock::new((|| panic!("forced")) as fn() -> u8);
            let (cell, _) = lazy(lock, LazyCell::new(forced), once_cell::sync::Lazy::new(forced), Static);
            drop(cell);
        });
        expect![[r#"
            task lazy  in {"lock":"LazyLock(<uninit>)","cell":"LazyCell(<uninit>)","sync":"Lazy { cell: OnceCell(Uninit), init: \"..\" }","own":"Static"}  out (LazyCell(<uninit>), Lazy { cell: OnceCell(Uninit), init: ".." })
        "#]]
        .assert_eq(&collector.tree());
    }
}

#[test]
fn stops_at_the_budget_and_notes_the_length() {
    let collector = Collector::with_config(&llmobs::Config::from_env().max_capture_bytes(8));
    collector.enter(|| assert_eq!(echo("äöüäöü").len(), 12));
    let expected = expect![[r#"
        task echo  in {"text":"äö… [4 bytes left out] …öü"}  out äö… [4 bytes left out] …öü
    "#]];
    expected.assert_eq(&collector.tree());
}

/// Its argument is captured before the span starts.
#[llmobs::task]
fn echoes(text: &str) -> impl Iterator<Item = char> {
    text.chars()
}

#[test]
fn uses_the_budget_of_the_current_client() {
    let large = Collector::new();
    let small = Collector::with_config(&llmobs::Config::from_env().max_capture_bytes(8));
    for (before, collector, input) in
        [(&small, &large, "äöüäöü"), (&large, &small, "äö… [4 bytes left out] …öü")]
    {
        // The thread reuses the memory of this span.
        before.enter(|| echo(""));
        collector.enter(|| assert_eq!(echoes("äöüäöü").count(), 6));
        let [span] = collector.spans_of(llmobs::Kind::Task, "echoes").try_into().unwrap();
        let event = collector.event(&span);
        assert_eq!(event["meta"]["input"]["value"], serde_json::json!({ "text": input }).to_string());
    }
}

#[llmobs::task]
fn annotates(input: u8) -> u8 {
    llmobs::annotate(|note| {
        note.input("by hand").output("by hand too").metric("n", input).tag("t", "v");
    });
    input
}

#[test]
fn does_not_replace_annotations() {
    let collector = Collector::new();
    collector.enter(|| assert_eq!(annotates(1), 1));
    let event = &collector.events()[0];
    assert_eq!(event["meta"]["input"]["value"], "by hand");
    assert_eq!(event["meta"]["output"]["value"], "by hand too");
    assert_eq!(event["metrics"], serde_json::json!({ "n": 1 }));
}

struct Instrumented;

impl Serialize for Instrumented {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        echo("inside");
        serializer.serialize_str("done")
    }
}

#[llmobs::task]
fn takes(value: Instrumented) {
    let Instrumented = value;
}

#[test]
fn starts_no_spans_while_values_are_serialized() {
    let tree = expect![[r#"
        task takes  in {"value":"done"}
    "#]];
    let collector = Collector::new();
    collector.enter(|| takes(Instrumented));
    tree.assert_eq(&collector.tree());
}

#[llmobs::task(
    parent = llmobs::workflow(echo("parent")).start().context(),
    input = 12 / number.min(echo("input").len()),
    output = 12 / echo("output").len().min(*ret),
    metadata(half = 12 / number.min(echo("metadata").len())),
)]
fn expressions(number: usize) -> usize {
    number
}

#[test]
fn of_expressions_starts_no_spans_and_omits_those_that_panic() {
    let collector = Collector::new();
    collector.enter(|| assert_eq!((expressions(0), expressions(3)), (0, 3)));
    let tree = expect![[r#"
        task expressions
        task expressions  in 4  out 4
    "#]];
    tree.assert_eq(&collector.tree());
    let metadata = collector.events().into_iter().map(|event| event["meta"]["metadata"].to_string());
    assert_eq!(metadata.collect::<Vec<_>>(), ["{}", r#"{"half":4}"#]);
}

#[cfg(feature = "stream")]
mod everywhere {
    use super::*;
    use std::fmt;
    use std::future::Future;

    use futures_util::stream::{self, Stream, StreamExt as _};
    use serde::ser::{Error as _, SerializeSeq as _, Serializer};
    use serde_json::Value;

    trait Shown: Serialize + Copy + Default + 'static {}
    impl<T: Serialize + Copy + Default + 'static> Shown for T {}

    #[llmobs::task]
    fn argument<T: Shown>(value: T) {
        let _ = value;
    }

    #[llmobs::task(input = value)]
    fn input<T: Shown>(value: T) {
        let _ = value;
    }

    #[llmobs::task(skip_all)]
    fn returned<T: Shown>(value: T) -> T {
        value
    }

    #[llmobs::task(skip_all)]
    fn future<T: Shown>(value: T) -> impl Future<Output = T> {
        std::future::ready(value)
    }

    #[llmobs::task(skip_all, output = ret)]
    fn output<T: Shown>(value: T) -> T {
        value
    }

    #[llmobs::task(skip_all)]
    fn iterator<T: Shown>(value: T) -> impl Iterator<Item = T> {
        std::iter::once(value)
    }

    #[llmobs::task(skip_all)]
    fn streamed<T: Shown>(value: T) -> impl Stream<Item = T> {
        stream::iter([value])
    }

    #[llmobs::task(skip_all, fold = |kept: &mut T, item: &T| *kept = *item)]
    fn folded<T: Shown>(value: T) -> impl Iterator<Item = T> {
        std::iter::once(value)
    }

    #[llmobs::task(skip_all, metadata(value = value))]
    fn metadata<T: Shown>(value: T) {
        let _ = value;
    }

    #[llmobs::task(skip_all)]
    fn annotated<T: Shown>(value: T) {
        llmobs::annotate(|note| {
            note.input(value).output(value).metadata("value", value);
        });
    }

    /// The captured text of a value at each place that captures one, with 64 bytes for each.
    fn shown<T: Shown>(value: T) -> String {
        let collector = Collector::with_config(&llmobs::Config::from_env().max_capture_bytes(64));
        collector.enter(|| {
            argument(value);
            input(value);
            returned(value);
            pollster::block_on(future(value));
            output(value);
            iterator(value).for_each(drop);
            pollster::block_on(streamed(value).count());
            folded(value).for_each(drop);
            metadata(value);
            annotated(value);
        });
        let mut places: Vec<(String, Vec<String>)> = Vec::new();
        let mut add = |text: &str, place: &str| match places.iter_mut().find(|(other, _)| other == text) {
            Some((_, found)) => found.push(place.to_owned()),
            None => places.push((text.to_owned(), vec![place.to_owned()])),
        };
        let events = collector.events();
        assert_eq!(events.len(), 10, "the number of spans");
        for event in events {
            let name = event["name"].as_str().unwrap();
            for text in
                ["input", "output"].into_iter().filter_map(|side| event["meta"][side]["value"].as_str())
            {
                let text = match name {
                    "argument" => text.strip_prefix("{\"value\":").unwrap().strip_suffix('}').unwrap(),
                    "iterator" | "streamed" => {
                        text.strip_prefix('[').and_then(|items| items.strip_suffix(']')).unwrap_or(text)
                    }
                    _ => text,
                };
                add(text.trim_matches('"'), name);
            }
            match &event["meta"]["metadata"]["value"] {
                Value::Null => {}
                Value::String(text) => add(text, name),
                other => add(&other.to_string(), name),
            }
        }
        // Most places have the same text as the first.
        let others =
            places.iter().skip(1).map(|(text, places)| format!("  in {}: {text:.99}\n", places.join(", ")));
        format!("{:.99}\n{}", places[0].0, others.collect::<String>())
    }

    #[derive(Clone, Copy, Default)]
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("it will not"))
        }
    }

    #[derive(Clone, Copy, Default)]
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(None)?;
            list.serialize_element(&1)?;
            panic!("in the middle");
        }
    }

    #[derive(Clone, Copy, Default)]
    struct Traced;
    impl Serialize for Traced {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            llmobs::annotate(|note| {
                note.input("by Serialize").tag("by", "Serialize");
            });
            serializer.serialize_str(echo("traced"))
        }
    }

    /// A list of a gigabyte, serialized one number at a time.
    #[derive(Clone, Copy, Default)]
    struct Long;
    impl Serialize for Long {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(0..100_000_000)
        }
    }

    /// More than a gigabyte of text, written in pieces.
    #[derive(Clone, Copy, Default)]
    struct LongText;
    impl fmt::Display for LongText {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..100_000_000).try_for_each(|_| f.write_str("äöü, äöü, "))
        }
    }
    impl Serialize for LongText {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    #[derive(Clone, Copy, Default)]
    struct FailsAtLength;
    impl Serialize for FailsAtLength {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom(LongText))
        }
    }

    #[derive(Clone, Copy, Default)]
    struct Keys;
    impl Serialize for Keys {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([((1, f32::NAN), u128::MAX)])
        }
    }

    #[test]
    fn values_are_captured_in_the_same_way() {
        let all = [
            shown(Fails),
            shown(Panics),
            shown(Traced),
            shown(Long),
            shown(LongText),
            shown(FailsAtLength),
            shown("äöü, ".repeat(16).leak() as &str),
            shown(Keys),
            shown(f64::NAN),
            shown(f32::NEG_INFINITY),
            shown(i128::MIN),
        ];
        expect![[r#"
            <it::capture::everywhere::Fails: cannot be captured: it will not>
            <it::capture::everywhere::Panics: panicked while being captured>
            traced
            [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"… [first 64 bytes]"]
            äöü, äöü, äöü, äöü, äöü, äöü, äöü, äöü, … [first 64 bytes]
              in iterator, streamed: äöü, äöü, äöü, äöü, äöü, äöü, äöü, äöü, … [12 bytes left out] …4 bytes]
            <it::capture::everywhere::FailsAtLength: cannot be captured: äöü, äöü, äöü, äöü, äöü, äöü, äöü, äöü
              in iterator, streamed: <it::capture::everywhere::FailsAtLength: cannot be captured: ä… [4051 bytes left out] … bytes]>
            äöü, äöü, äöü, äöü, … [64 bytes left out] …äöü, äöü, äöü, äöü, 
              in iterator, streamed: äöü, äöü, äöü, äöü, … [64 bytes left out] …äö… [20 bytes left out] …äöü, 
            {"[1,\"NaN\"]":"340282366920938463463374607431768211455"}
            NaN
            -Infinity
            -170141183460469231731687303715884105728
        "#]]
        .assert_eq(&all.concat());
    }
}
