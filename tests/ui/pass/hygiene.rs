//! Names of the program and names of the expansions do not meet. More of them, with what their spans show, are in `it::hygiene`.

#![deny(warnings, unused, rust_2018_idioms, clippy::all, clippy::pedantic, unused_qualifications)]

use llmobs_ui_tests::{collect, output_of};

/// Nothing is in scope here but what is imported.
mod no_prelude {
    #![no_implicit_prelude]

    use ::std::future::Future;
    use ::std::iter::Iterator;
    use ::std::ops::FnOnce;

    #[::llmobs::task(name = "a", tags(a = 1, b = *ret), metadata(c = 2), metrics(d = 3), output = ret)]
    pub(super) fn value(a: u8) -> ::std::result::Result<u8, ::std::string::String> {
        if a == 0 {
            return ::std::result::Result::Err(::std::string::String::new());
        }
        ::std::result::Result::Ok(a)
    }

    #[::llmobs::task]
    pub(super) fn unit() {}

    #[::llmobs::task]
    pub(super) fn patterns((a, ref mut b): (u8, u8), _: u8, _unused: u8) -> u8 {
        *b += a;
        *b
    }

    #[::llmobs::task]
    pub(super) fn called(f: impl FnOnce() -> u8) -> u8 {
        f()
    }

    #[::llmobs::task]
    pub(super) async fn later(a: u8) -> u8 {
        ::std::future::ready(a).await
    }

    #[::llmobs::task]
    pub(super) fn future(a: u8) -> impl Future<Output = u8> {
        ::std::future::ready(a)
    }

    #[::llmobs::task(fold = |sum: &mut u8, item: &u8| *sum += *item)]
    pub(super) fn iterator(to: u8) -> impl Iterator<Item = u8> {
        0..to
    }

    #[::llmobs::task]
    pub(super) fn boxed(to: u8) -> ::std::boxed::Box<dyn Iterator<Item = u8>> {
        ::std::boxed::Box::new(0..to)
    }

    #[::llmobs::task]
    pub(super) fn stream(to: u8) -> impl ::llmobs_ui_tests::Stream<Item = u8> {
        ::llmobs_ui_tests::items(0..to)
    }

    #[::llmobs::task]
    pub(super) fn in_result(to: u8) -> ::std::result::Result<impl Iterator<Item = u8>, ::std::fmt::Error> {
        ::std::result::Result::Ok(0..to)
    }

    #[::llmobs::instrument]
    pub(super) mod block {
        pub(in super::super) fn inner(a: u8) -> u8 {
            a
        }
    }
}

/// Arguments may be called anything.
mod arguments {
    #[llmobs::task(name = r#type, skip(r#match), tags(r#fn = r#fn))]
    pub(super) fn r#loop(r#type: &str, r#match: u8, r#fn: u8, r#gen: u8) -> u8 {
        u8::from(r#type.is_empty()) + r#match + r#fn + r#gen
    }

    #[llmobs::task(metrics(ret = *ret))]
    pub(super) fn a_local_called_ret() -> u8 {
        let ret = 1;
        ret + 1
    }

    #[llmobs::task]
    pub(super) fn self_named_as_the_function(self_named_as_the_function: u8) -> u8 {
        self_named_as_the_function
    }
}

/// Functions that a macro by example makes, of pieces from here and there.
mod by_example {
    macro_rules! function {
        ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $returned:ty $body:block) => {
            $(#[$attribute])*
            $visibility fn $name($($argument: $type),*) -> $returned $body
        };
        (async $name:ident($argument:pat => $type:ty) -> $returned:ty { $($body:tt)* }) => {
            #[llmobs::task]
            pub(super) async fn $name($argument: $type) -> $returned {
                $($body)*
            }
        };
        (iterator $name:ident $returned:ty = $body:expr) => {
            #[llmobs::task(name = stringify!($name))]
            pub(super) fn $name(to: u8) -> $returned {
                let local = $body;
                local(to)
            }
        };
        (adding $name:ident $by:expr) => {
            #[llmobs::task(crate = $crate::by_example::again::renamed, tags(by = $by), output = *ret + $by)]
            pub(super) fn $name(a: u8) -> u8 {
                let by = 1;
                a + by + $by
            }
        };
    }

    pub(crate) mod again {
        pub(crate) use llmobs as renamed;
    }

    function! {
        #[llmobs::task(name = a, skip(b))]
        pub(super) fn with_its_attributes(a: &str, b: u8) -> Result<usize, std::num::ParseIntError> {
            let a: usize = a.parse()?;
            Ok(a + usize::from(b))
        }
    }
    function!(async later((a, mut b) => (u8, u8)) -> Option<u8> { b += a; std::future::ready(Some(b)).await });
    function!(iterator opaque impl Iterator<Item = u8> = |to| 0..to);
    function!(iterator boxed Box<dyn Iterator<Item = u8>> = |to| Box::new(0..to) as Box<dyn Iterator<Item = u8>>);
    function!(iterator checked Result<impl Iterator<Item = u8>, String> = |to| Ok::<_, String>(0..to));
    function!(adding three 2);
}

fn run() {
    assert_eq!((no_prelude::value(1), no_prelude::value(0).is_err()), (Ok(1), true));
    no_prelude::unit();
    assert_eq!(no_prelude::patterns((1, 2), 3, 4) + no_prelude::called(|| 1), 4);
    assert_eq!(output_of(no_prelude::later(1)) + output_of(no_prelude::future(1)), 2);
    assert_eq!(no_prelude::iterator(2).count() + no_prelude::boxed(2).count(), 4);
    assert_eq!(collect(no_prelude::stream(2)), [0, 1]);
    assert_eq!(no_prelude::in_result(2).map(Iterator::count), Ok(2));
    assert_eq!(no_prelude::block::inner(1), 1);

    assert_eq!(arguments::r#loop("", 1, 1, 1), 4);
    assert_eq!(arguments::a_local_called_ret() + arguments::self_named_as_the_function(1), 3);

    assert_eq!(by_example::with_its_attributes("1", 2), Ok(3));
    assert_eq!(output_of(by_example::later((1, 2))), Some(3));
    assert_eq!(by_example::opaque(2).count() + by_example::boxed(2).count(), 4);
    assert_eq!(by_example::checked(2).map(Iterator::count), Ok(2));
    assert_eq!(by_example::three(0), 3);
}

fn main() {
    run();
    llmobs::testing::Collector::new().enter(run);
}
