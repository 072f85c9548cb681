//! Names of the program that an attribute must not confuse with its own.

use std::pin::Pin;

use expect_test::expect;

use crate::support::check;

/// tokio-rs/tracing#3306, #3311, #2332. The names of the prelude, of crates and of items in the expansion of an attribute have
/// other meanings here.
#[allow(dead_code, unused_macros, non_camel_case_types, reason = "the items only shadow others")]
mod names_that_mean_something_else {
    mod alloc {}
    mod core {}
    mod llmobs {
        pub(super) mod __private_0_1_0 {}
    }
    mod serde {}
    mod std {}

    #[derive(Clone, Copy)]
    pub(super) struct Option(pub(super) u8);
    pub(super) struct Result;
    struct Box;
    struct Call;
    struct Default;
    struct Ending;
    struct Err;
    struct Failed;
    struct Folded;
    struct Kind;
    struct None;
    struct Ok;
    struct Outcome;
    struct Recipe;
    struct Some;
    struct String;
    struct Value;
    struct Vec;
    type bool = ();
    type str = ();
    trait Fn {}
    trait FnOnce {}
    trait From {}
    trait Future {}
    trait Into {}
    trait Iterator {}
    trait Send {}

    macro_rules! nothing {
        ($($name:ident)*) => {$(
            macro_rules! $name {
                () => { compile_error!() };
            }
        )*};
    }
    nothing! { assert concat format matches panic stringify vec write }

    #[::llmobs::task(name = name, tags(sum = ret), metrics(sum = *ret, one = 1))]
    pub(super) fn sync(name: &::core::primitive::str, (a, _b): (u8, u8), mut c: u8, _d: u8) -> u8 {
        c += a;
        c
    }

    #[::llmobs::task]
    pub(super) async fn later(a: Option, result: Result) -> ::core::result::Result<Option, Result> {
        match a {
            Option(0) => ::core::result::Result::Err(result),
            a => ::core::result::Result::Ok(a),
        }
    }

    #[::llmobs::task]
    pub(super) fn items(to: u8) -> impl ::core::iter::Iterator<Item = u8> {
        0..to
    }

    #[::llmobs::task]
    pub(super) fn boxed_items(to: u8) -> ::std::boxed::Box<dyn ::core::iter::Iterator<Item = u8>> {
        ::std::boxed::Box::new(0..to)
    }

    #[::llmobs::task]
    pub(super) fn future(a: u8) -> impl ::core::future::Future<Output = u8> {
        async move { a }
    }

    #[::llmobs::task(fold = |sum: &mut u8, item: &u8| *sum += *item)]
    pub(super) fn folded(to: u8) -> ::core::result::Result<impl ::core::iter::Iterator<Item = u8>, Result> {
        ::core::result::Result::Ok(0..to)
    }
}

#[test]
fn shadowed_types_modules_and_macros() {
    use names_that_mean_something_else as shadowed;
    let tree = expect![[r#"
        task x  in {"name":"x","a":1,"c":3,"_d":4}  out 4
        task later  in {"a":"<it::hygiene::names_that_mean_something_else::Option>","result":"<it::hygiene::names_that_mean_something_else::Result>"}  out <it::hygiene::names_that_mean_something_else::Option>
        task items  in {"to":2}  out [0,1]
        task boxed_items  in {"to":3}  out [0,1,2]
        task future  in {"a":1}  out 1
        task folded  in {"to":3}  out 3
    "#]];
    check(
        || {
            assert_eq!(shadowed::sync("x", (1, 2), 3, 4), 4);
            assert!(pollster::block_on(shadowed::later(shadowed::Option(1), shadowed::Result)).is_ok());
            assert_eq!(shadowed::items(2).count(), 2);
            assert_eq!(shadowed::boxed_items(3).count(), 3);
            assert_eq!(pollster::block_on(shadowed::future(1)), 1);
            assert_eq!(shadowed::folded(3).map(Iterator::count).ok(), Some(3));
        },
        &tree,
    );
}

/// Imported names of variants, as in tokio-rs/tracing#3306, and items that a body declares.
#[test]
fn names_that_a_body_imports() {
    #[llmobs::task]
    fn variants(number: u8) -> Option<Result<u8, String>> {
        #[derive(Debug)]
        enum Outcome {
            Ok(u8),
            Err,
            None,
        }
        use Outcome::{Err, None, Ok};
        struct Some(Outcome);
        let outcomes = [Some(Ok(number)), Some(Err), Some(None)];
        let Some(Ok(number)) = &outcomes[0] else { return Option::None };
        Option::Some(Result::Ok(number + u8::try_from(outcomes.len()).unwrap_or_default()))
    }

    check(
        || assert_eq!(variants(1), Some(Ok(4))),
        &expect![[r#"
        task variants  in {"number":1}  out {"Ok":4}
    "#]],
    );
}

/// tokio-rs/tracing#1318, #2572
#[test]
fn arguments_with_the_names_of_generated_items() {
    #[llmobs::task(name = name, metrics(value = value))]
    fn sync(display: u8, debug: u8, value: u8, ret: u8, setup: u8, self_: u8, name: &str) -> u8 {
        display + debug + value + ret + setup + self_ + u8::try_from(name.len()).unwrap_or_default()
    }

    #[llmobs::task]
    async fn later(call: u8, span: u8, ending: u8, returned: u8, llmobs: u8, state: u8, err: u8) -> u8 {
        call + span + ending + returned + llmobs + state + err
    }

    #[llmobs::task(metrics(length = ret.len()), tags(argument = value))]
    fn shown_when_it_has_run(value: u8, hint: &str, kind: u8, sink: u8) -> String {
        format!("{hint} {value} {kind} {sink}")
    }

    let tree = expect![[r#"
        task x  in {"display":1,"debug":2,"value":3,"ret":4,"setup":5,"self_":6,"name":"x"}  out 22
        task later  in {"call":1,"span":2,"ending":3,"returned":4,"llmobs":5,"state":6,"err":7}  out 28
        task shown_when_it_has_run  in {"value":1,"hint":"h","kind":2,"sink":3}  out h 1 2 3
    "#]];
    check(
        || {
            sync(1, 2, 3, 4, 5, 6, "x");
            pollster::block_on(later(1, 2, 3, 4, 5, 6, 7));
            shown_when_it_has_run(1, "h", 2, 3);
        },
        &tree,
    );
}

/// Functions with tokens of a macro by example and of its caller, which keep their names apart.
#[test]
fn functions_from_macros() {
    macro_rules! function {
        ($(#[$attribute:meta])* fn $name:ident($($pattern:pat => $type:ty),*) -> $returned:ty $body:block) => {
            $(#[$attribute])* fn $name($($pattern: $type),*) -> $returned $body
        };
    }
    function! {
        #[llmobs::task]
        fn whole((a, _) => (u8, u8), mut b => &str, _c => Option<u8>) -> impl Iterator<Item = u8> {
            b = b.trim();
            (0..a).chain(b.bytes())
        }
    }

    macro_rules! two_of_a_name {
        ($a:ident) => {
            #[llmobs::task]
            fn two_of_a_name(a: u8, $a: u8) -> u8 {
                a * 10 + $a
            }
        };
    }
    two_of_a_name!(a);

    macro_rules! with_options {
        ($name:ident, $text:literal, $shown:expr, $body:expr) => {
            #[llmobs::task(name = $text, tags(shown = $shown), skip($name))]
            async fn $name($name: u8) -> u8 {
                $body
            }
        };
    }
    with_options!(number, "text", number + 1, number * 2);

    macro_rules! item {
        ($item:item) => {
            #[llmobs::task]
            $item
        };
    }
    item! {
        /// Documented.
        async fn later(text: &str) -> Result<u8, std::num::ParseIntError> {
            text.parse()
        }
    }

    let tree = expect![[r#"
        task whole  in {"a":1,"b":" a ","_c":null}  out [0,97]
        task two_of_a_name  in {"a":1,"a":2}  out 12
        task text  out 4
        task later  in {"text":"7"}  out 7
    "#]];
    check(
        || {
            assert_eq!(whole((1, 2), " a ", None).count(), 2);
            assert_eq!(two_of_a_name(1, 2), 12);
            assert_eq!(pollster::block_on(number(2)), 4);
            assert_eq!(pollster::block_on(later("7")), Ok(7));
        },
        &tree,
    );
}

/// tokio-rs/tracing#1818, #1819, #3309; fast/fastrace#69
mod framework {
    pub(super) mod deep {
        pub(in super::super) use ::llmobs as observe;
    }
}

#[test]
fn crate_is_reexported() {
    use framework::deep::observe as renamed;

    #[renamed::task(crate = renamed, name = "options", tags(a = a))]
    fn sync(a: u8) -> Result<u8, String> {
        Ok(a)
    }

    #[framework::deep::observe::task(crate = framework::deep::observe)]
    async fn later(a: u8) -> u8 {
        a
    }

    #[renamed::instrument(tool, crate = renamed)]
    mod block {
        use super::framework::deep::observe as renamed;

        pub(super) fn items(to: u8) -> impl Iterator<Item = u8> {
            0..to
        }
    }

    let tree = expect![[r#"
        task options  in {"a":1}  out 1
        task later  in {"a":2}  out 2
        tool items  in {"to":3}  out [0,1,2]
    "#]];
    check(
        || {
            sync(1).unwrap();
            pollster::block_on(later(2));
            assert_eq!(block::items(3).count(), 3);
        },
        &tree,
    );
}

mod blanket_traits {
    /// Methods for all types, with the names of those that the expansion calls.
    #[expect(dead_code, reason = "they only conflict with other methods")]
    pub(crate) trait Everywhere: Sized {
        fn begin(&self) {}
        fn run(&self) {}
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
fn methods_of_blanket_traits_are_not_called() {
    let tree = expect![[r#"
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
    let tree = expect![[r#"
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
fn own_types_with_common_names() {
    let tree = expect![[r#"
        task own_alias  in {"text":"abc"}  out 3
        task own_alias  in {"text":""}  error alloc::string::String: empty
        task own_type_called_result  out <it::hygiene::SearchResult<alloc::boxed::Box<dyn core::iter::traits::iterator::Iterator<Item = u8>>>>
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
