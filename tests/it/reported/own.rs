//! What nobody reported yet, and would have.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, Mutex, RwLock};

use crate::support::check;

mod blanket_traits {
    /// Methods for all types, called like those that the expansion calls.
    #[expect(dead_code, reason = "they are there to be in the way")]
    pub(crate) trait Everywhere: Sized {
        fn begin(&self) {}
        fn setup(&self) {}
        fn end(&self) {}
        fn argument(&self, _: &str) {}
        fn capture(self, _: u8) {}
        fn output(&self) {}
        fn error(&self, _: &str) {}
        fn notes(&self) {}
        fn split(self) {}
        fn item(&self) {}
        fn failure(&self) {}
        fn text(&self) {}
    }
    impl<T> Everywhere for T {}
}

mod with_blanket_traits {
    use super::blanket_traits::Everywhere;

    #[llmobs::task(name = name, tags(name = name, length = ret.len()), metrics(length = ret.len()))]
    pub(super) fn call(name: &str) -> Result<String, String> {
        name.begin();
        if name.is_empty() { Err("no name".to_owned()) } else { Ok(name.to_owned()) }
    }

    #[llmobs::task]
    pub(super) fn items() -> impl Iterator<Item = u8> {
        [1, 2].into_iter()
    }
}

#[test]
fn traits_for_all_types_are_not_called() {
    let tree = expect_test::expect![[r#"
        task a  in {"name":"a"}  out a
        task call  in {"name":""}  error alloc::string::String: no name
        task items  out [1,2]
    "#]];
    check(
        || {
            with_blanket_traits::call("a").unwrap();
            with_blanket_traits::call("").unwrap_err();
            assert_eq!(with_blanket_traits::items().count(), 2);
        },
        &tree,
    );
}

#[llmobs::task]
fn is_free(lock: &Mutex<u8>, other: Arc<RwLock<u8>>) -> bool {
    lock.try_lock().is_ok() && other.try_write().is_ok()
}

/// serde waits for a lock to serialize what is in it.
#[test]
fn locks_are_not_waited_for() {
    let (lock, other) = (Mutex::new(1), Arc::new(RwLock::new(2)));
    let tree = expect_test::expect![[r#"
        task is_free  in {"lock":"<std::sync::poison::mutex::Mutex<u8>: not captured, because reading it may wait for a lock>","other":"<alloc::sync::Arc<std::sync::poison::rwlock::RwLock<u8>>: not captured, because reading it may wait for a lock>"}  out false
    "#]];
    check(
        || {
            let _held = (lock.lock().unwrap(), other.write().unwrap());
            assert!(!is_free(&lock, Arc::clone(&other)));
        },
        &tree,
    );
}

macro_rules! instrumented {
    ($($item:item)*) => {
        #[llmobs::instrument]
        mod by_macro { $($item)* }
    };
}
instrumented! {
    pub(super) struct Number(pub(super) u8);
    impl Number {
        pub(super) fn into_inner(self) -> u8 { self.0 }
    }
}

macro_rules! returning {
    ($name:ident -> $returned:ty) => {
        #[llmobs::task]
        fn $name() -> $returned {
            panic!("as asked")
        }
    };
}
returning!(never -> !);

#[test]
fn self_and_never_from_macros_by_example() {
    let tree = expect_test::expect![[r#"
        task into_inner  out 1
        task never  error panic: as asked
    "#]];
    check(
        || {
            assert_eq!(by_macro::Number(1).into_inner(), 1);
            let panicked = std::panic::catch_unwind(|| -> () { never() });
            panicked.unwrap_err();
        },
        &tree,
    );
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

#[llmobs::task]
fn own_alias(text: &str) -> BoxFuture<'_, usize> {
    Box::pin(async move { if text.is_empty() { Err("empty".to_owned()) } else { Ok(text.len()) } })
}

struct SearchResult<T>(T);

#[llmobs::task]
fn own_type_called_result() -> SearchResult<Box<dyn Iterator<Item = u8>>> {
    SearchResult(Box::new(0..3))
}

#[test]
fn own_types_with_names_that_others_have() {
    let tree = expect_test::expect![[r#"
        task own_alias  in {"text":"abc"}  out 3
        task own_alias  in {"text":""}  error alloc::string::String: empty
        task own_type_called_result  out <it::reported::own::SearchResult<alloc::boxed::Box<dyn core::iter::traits::iterator::Iterator<Item = u8>>>>
    "#]];
    check(
        || {
            assert_eq!(pollster::block_on(own_alias("abc")), Ok(3));
            pollster::block_on(own_alias("")).unwrap_err();
            assert_eq!(own_type_called_result().0.count(), 3);
        },
        &tree,
    );
}

#[llmobs::task]
fn closure(factor: usize) -> impl Fn(&str) -> usize {
    move |text| text.len() * factor
}

#[llmobs::task]
fn borrowing_closure() -> impl Fn(&str) -> &str {
    |text| text.trim()
}

#[test]
fn closures_learn_their_types_from_the_signature() {
    let tree = expect_test::expect![[r#"
        task closure  in {"factor":2}
        task borrowing_closure
    "#]];
    check(
        || {
            assert_eq!(closure(2)("abc"), 6);
            assert_eq!(borrowing_closure()(" a "), "a");
        },
        &tree,
    );
}

#[llmobs::task(skip(all))]
fn patterns(
    (Ok(number) | Err(number), text): (Result<u8, u8>, &str),
    all @ [first, ..]: [u8; 3],
    #[cfg_attr(all(), allow(unused_variables, reason = "as asked"))] unused: u8,
    #[cfg_attr(all(), cfg(any()))] absent: u8,
) -> usize {
    all.len() + usize::from(number + first) + text.len()
}

#[test]
fn patterns_with_alternatives_and_attributes_under_conditions() {
    let tree = expect_test::expect![[r#"
        task patterns  in {"number":2,"text":"a","first":4,"unused":5}  out 10
    "#]];
    check(|| assert_eq!(patterns((Err(2), "a"), [4, 5, 6], 5), 10), &tree);
}

#[llmobs::task(fold = |total: &mut usize, item| *total += item.len())]
fn folded_by_closure() -> impl Iterator<Item = String> {
    ["a", "bc"].map(str::to_owned).into_iter()
}

#[llmobs::retrieval]
fn documents() -> impl Iterator<Item = String> {
    ["one", "two"].map(str::to_owned).into_iter()
}

#[llmobs::task]
fn many() -> impl Iterator<Item = u64> {
    0..u64::MAX
}

#[test]
fn items_of_all_sorts() {
    let tree = expect_test::expect![[r#"
        task folded_by_closure  out 3
        retrieval documents  out one | two
        task many  out [0,1,2,3]  cancelled
    "#]];
    check(
        || {
            assert_eq!(folded_by_closure().last().as_deref(), Some("bc"));
            assert_eq!(documents().count(), 2);
            assert_eq!(many().nth(3), Some(3));
        },
        &tree,
    );
    // Nothing is recorded here, and the short ways of a range are taken.
    assert_eq!(many().nth(1 << 60), Some(1 << 60));
    assert_eq!(usize::try_from(u64::MAX), Ok(many().count()));
}

/// All that the compiler says about `value` is that it is `Debug`.
#[llmobs::task]
fn generic(value: impl Debug) {
    let _ = value;
}

#[test]
fn bounds_decide_in_generic_functions() {
    let tree = expect_test::expect![[r#"
        task generic  in {"value":"\"text\""}
    "#]];
    check(|| generic("text"), &tree);
}
