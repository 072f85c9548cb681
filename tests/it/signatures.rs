//! Every kind of function that can be written in safe code.

use std::fmt::Debug;
use std::ops::{Add, Index};
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use expect_test::expect;
use pollster::block_on;

use crate::support::{check, events};

#[test]
fn functions() {
    #[llmobs::task]
    extern "C" fn foreign(number: u8) -> u8 {
        number
    }

    #[llmobs::task]
    fn bounds<'a, 'b: 'a, T, U, const N: usize>(items: &'a [T; N], other: &'b U) -> Option<(&'a T, &'a U)>
    where
        T: PartialEq<U> + 'a,
        U: ?Sized,
    {
        items.iter().find(|item| *item == other).map(|item| (item, other))
    }

    #[llmobs::task]
    fn projected<A, B>(a: A, b: B) -> <A as Add<B>>::Output
    where
        A: Add<B>,
    {
        a + b
    }

    #[llmobs::task]
    fn impl_arguments(
        parts: impl IntoIterator<Item = impl Into<String>>,
        mut each: impl FnMut(&str),
    ) -> usize {
        let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
        for part in &parts {
            each(part);
        }
        parts.len()
    }

    #[llmobs::task]
    fn patterns(mut a: u8, (b, _): (u8, u8), &mut [c, ..]: &mut [u8; 2], _: u8, all @ [_, d]: [u8; 2]) -> u8 {
        a += 1;
        a + b + c + d + all[0]
    }

    #[llmobs::task]
    async fn future<'a, T: ?Sized + Debug>(value: &'a T, _unused: &str) -> (&'a T, usize) {
        std::future::ready(()).await;
        (value, size_of_val(value))
    }

    #[llmobs::task]
    fn higher_ranked<F>(call: F) -> usize
    where
        F: for<'x> Fn(&'x str) -> &'x str,
    {
        call("abc").len()
    }

    #[llmobs::task]
    fn constant<const B: bool, const N: usize>() -> [bool; N] {
        const { [B; N] }
    }

    #[llmobs::task]
    fn returns_early(a: &mut u8) {
        if *a > 1 {
            return;
        }
        *a += 1;
    }

    let tree = expect![[r#"
        task foreign  in {"number":1}  out 1
        task bounds  in {"items":"<&[alloc::string::String; 2]>","other":"<&str>"}  out <core::option::Option<(&alloc::string::String, &str)>>
        task projected  in {"a":"<u8>","b":"<u8>"}  out <u8>
        task impl_arguments  in {"parts":"<[&str; 2]>","each":"<it::signatures::functions::{{closure}}::{{closure}}>"}  out 2
        task patterns  in {"a":1,"b":2,"c":3,"all":[4,5],"d":5}  out 16
        task future  in {"value":"\"ab\"","_unused":""}  out ("ab", 2)
        task higher_ranked  in {"call":"<it::signatures::functions::{{closure}}::{{closure}}>"}  out 2
        task constant  out [true, true]
        task returns_early  in {"a":1}
        task returns_early  in {"a":2}
    "#]];
    check(
        || {
            assert_eq!(foreign(1), 1);
            assert_eq!(bounds(&["a".to_owned(), "b".to_owned()], "b"), Some((&"b".to_owned(), "b")));
            assert_eq!(projected(1_u8, 2), 3);
            let mut seen = 0;
            assert_eq!(impl_arguments(["a", "b"], |_| seen += 1), 2);
            assert_eq!(seen, 2);
            assert_eq!(patterns(1, (2, 0), &mut [3, 0], 0, [4, 5]), 16);
            assert_eq!(block_on(future("ab", "")), ("ab", 2));
            assert_eq!(higher_ranked(|text| text.trim_start_matches('a')), 2);
            assert_eq!(constant::<true, 2>(), [true; 2]);
            let mut number = 1;
            returns_early(&mut number);
            returns_early(&mut number);
            assert_eq!(number, 2);
        },
        &tree,
    );
}

struct Store<T>(Vec<T>);

trait Keeper {
    type Item<'a>
    where
        Self: 'a;
    const FEW: usize;

    fn all(&self) -> impl Iterator<Item = Self::Item<'_>>;

    #[llmobs::task]
    fn first<'a>(&'a self) -> Option<Self::Item<'a>>
    where
        Self::Item<'a>: Debug,
    {
        self.all().next()
    }

    #[llmobs::task]
    fn few(&self) -> [usize; 1] {
        [Self::FEW]
    }

    #[llmobs::task]
    async fn count(&self) -> usize {
        self.all().count()
    }

    #[llmobs::task]
    fn boxed(self: Box<Self>) -> usize {
        Self::FEW
    }

    #[llmobs::task]
    fn into_self(self) -> Self
    where
        Self: Sized,
    {
        self
    }
}

impl<T: Clone> Keeper for Store<T> {
    type Item<'a>
        = (usize, &'a T)
    where
        T: 'a;
    const FEW: usize = 3;

    fn all(&self) -> impl Iterator<Item = Self::Item<'_>> {
        self.0.iter().enumerate()
    }

    #[llmobs::task(name = "own")]
    async fn count(&self) -> usize {
        self.0.len()
    }
}

impl<T> Store<T> {
    #[llmobs::task]
    fn shared(self: Arc<Self>, _other: &Arc<Self>) -> usize {
        self.0.len()
    }

    #[llmobs::task]
    fn counted(self: &Rc<Self>) -> usize {
        Rc::strong_count(self)
    }

    #[llmobs::task]
    fn with(mut self: Pin<&mut Self>, item: T) -> Pin<&mut T>
    where
        T: Unpin + Debug,
    {
        self.0.push(item);
        Pin::new(self.get_mut().0.last_mut().unwrap())
    }

    #[llmobs::task]
    fn split<const N: usize>(self) -> ([Option<T>; N], Self) {
        let mut items = self.0.into_iter();
        (std::array::from_fn(|_| items.next()), Self(items.collect()))
    }
}

impl<T> Index<usize> for Store<T> {
    type Output = T;

    #[llmobs::task]
    fn index(&self, index: usize) -> &T {
        &self.0[index]
    }
}

impl<T: Unpin> Future for Store<T> {
    type Output = Option<T>;

    #[llmobs::task(skip_all)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        cx.waker().wake_by_ref();
        Poll::Ready(self.0.pop())
    }
}

#[test]
fn methods() {
    let tree = expect![[r#"
        task first  out Some((0, 1))
        task few  out [3]
        task own  out 1
        task into_self  out <it::signatures::Store<u8>>
        task with  in {"item":"2"}  out 2
        task index  in {"index":1}  out <&u8>
        task counted  out 1
        task split  out <([core::option::Option<u8>; 1], it::signatures::Store<u8>)>
        task shared  in {"_other":"<&alloc::sync::Arc<it::signatures::Store<u8>>>"}  out 1
        task boxed  out 3
        task poll  out <core::task::poll::Poll<core::option::Option<u8>>>
    "#]];
    check(
        || {
            let mut store = Store(vec![1_u8]);
            assert_eq!(store.first(), Some((0, &1)));
            assert_eq!(store.few(), [3]);
            assert_eq!(block_on(store.count()), 1);
            store = store.into_self();
            *Pin::new(&mut store).with(2) += 1;
            assert_eq!(store[1], 3);
            let store = Rc::new(store);
            assert_eq!(store.counted(), 1);
            let (first, rest) = Rc::into_inner(store).unwrap().split::<1>();
            assert_eq!((first, rest.0.len()), ([Some(1)], 1));
            let rest = Arc::new(rest);
            assert_eq!(Arc::clone(&rest).shared(&rest), 1);
            assert_eq!(Box::new(Store(vec![1_u8])).boxed(), 3);
            assert_eq!(block_on(Store(vec![1_u8])), Some(1));
        },
        &tree,
    );
}

#[test]
fn attributes_of_the_compiler() {
    #[llmobs::task]
    #[track_caller]
    fn tracked() -> u32 {
        Location::caller().line()
    }

    #[llmobs::task]
    #[cfg_attr(all(), track_caller)]
    fn tracked_on_condition() -> u32 {
        Location::caller().line()
    }

    #[must_use]
    #[inline]
    #[llmobs::task]
    #[cold]
    #[doc(alias = "cold")]
    fn several(number: u8) -> u8 {
        #![expect(clippy::let_and_return, reason = "to see that it stays where it is")]
        let next = number + 1;
        next
    }

    #[llmobs::task]
    #[deprecated = "to see that the attribute makes no second warning"]
    async fn deprecated() {}

    let spans = events(|| {
        assert_eq!([tracked(), tracked_on_condition()], [line!(); 2]);
        assert_eq!(several(1), 2);
        #[expect(deprecated, reason = "it is")]
        block_on(deprecated());
    });
    assert_eq!(spans.len(), 4);
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
fn patterns_with_alternatives_and_conditional_attributes() {
    let tree = expect![[r#"
        task patterns  in {"number":2,"text":"a","first":4,"unused":5}  out 10
    "#]];
    check(|| assert_eq!(patterns((Err(2), "a"), [4, 5, 6], 5), 10), &tree);
}

#[test]
fn arguments_and_results_are_shown() {
    #[derive(serde::Serialize)]
    struct Wrapper(u32);

    #[llmobs::task]
    fn generic<'a, T, const N: usize>(items: &'a [T; N], with: impl Fn(&T) -> bool) -> Option<&'a T>
    where
        T: Clone + Debug + 'a,
    {
        items.iter().find(|item| with(item))
    }

    #[llmobs::task]
    fn patterns(
        (a, b): (u8, u8),
        [first, ..]: [u8; 2],
        mut total: u32,
        _: &str,
        Wrapper(inner): Wrapper,
    ) -> u32 {
        total += u32::from(a) + u32::from(b) + u32::from(first) + inner;
        total
    }

    #[llmobs::task]
    fn partly_opaque(fail: bool) -> Result<impl Debug, std::num::ParseIntError> {
        let number: u8 = if fail { "x" } else { "7" }.parse()?;
        Ok(number)
    }

    #[llmobs::task]
    fn r#match(r#type: u8) -> u8 {
        r#type
    }

    let tree = expect![[r#"
        task generic  in {"items":"[\"x\", \"yy\"]","with":"<it::signatures::arguments_and_results_are_shown::{{closure}}::{{closure}}>"}  out Some("yy")
        task patterns  in {"a":1,"b":2,"first":3,"total":10,"inner":5}  out 21
        task partly_opaque  in {"fail":false}  out 7
        task partly_opaque  in {"fail":true}  error core::num::error::ParseIntError: invalid digit found in string
        task match  in {"type":2}  out 2
    "#]];
    check(
        || {
            assert_eq!(generic(&["x", "yy"], |item| item.len() == 2), Some(&"yy"));
            assert_eq!(patterns((1, 2), [3, 4], 10, "", Wrapper(5)), 21);
            assert!(partly_opaque(false).is_ok());
            assert!(partly_opaque(true).is_err());
            assert_eq!(r#match(2), 2);
        },
        &tree,
    );
}
