//! Returned values are `Send`, `Sync`, `Unpin` and safe to unwind through exactly as without the attribute.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard};

use futures_util::future::{LocalBoxFuture, ready};

use super::compare::pause;

struct Probe<T>(PhantomData<T>);

fn probe<T>(_: &T) -> Probe<T> {
    Probe(PhantomData)
}

/// Two methods with the same name. The first is called if the bound holds.
macro_rules! probe_methods {
    ($($method:ident $bound:ident $holds:ident $fails:ident;)*) => {$(
        trait $holds {
            fn $method(&self) -> bool {
                true
            }
        }
        impl<T: $bound> $holds for Probe<T> {}
        trait $fails {
            fn $method(&self) -> bool {
                false
            }
        }
        impl<T> $fails for &Probe<T> {}
    )*};
}

probe_methods! {
    is_send Send IsSend IsNotSend;
    is_sync Sync IsSync IsNotSync;
    is_unpin Unpin IsUnpin IsNotUnpin;
    is_unwind_safe UnwindSafe IsUnwindSafe IsNotUnwindSafe;
    is_ref_unwind_safe RefUnwindSafe IsRefUnwindSafe IsNotRefUnwindSafe;
}

macro_rules! traits {
    ($value:expr) => {
        // A match keeps the temporaries of the expression.
        match &probe(&$value) {
            probe => [
                probe.is_send(),
                probe.is_sync(),
                probe.is_unpin(),
                probe.is_unwind_safe(),
                probe.is_ref_unwind_safe(),
            ],
        }
    };
}

/// Compares the traits of an expression that is evaluated with the functions of each module.
macro_rules! same_traits {
    ($value:expr) => {{
        let plain = {
            use self::plain::*;
            traits!($value)
        };
        let traced = {
            use self::traced::*;
            traits!($value)
        };
        assert_eq!(traced, plain, "{}", stringify!($value));
        plain
    }};
}

type Local = Rc<u8>;

both! {
    pub(super) async fn of<T>(value: T) -> T {
        value
    }

    pub(super) async fn held<T>(value: T) -> T {
        pause().await;
        value
    }

    pub(super) async fn dropped_before_a_pause() {
        drop(Local::new(1));
        pause().await;
    }

    pub(super) async fn held_over_a_pause() -> usize {
        let local = Local::new(1);
        pause().await;
        Rc::strong_count(&local)
    }

    pub(super) async fn made_after_a_pause() -> Local {
        pause().await;
        Local::new(1)
    }

    pub(super) async fn guard_over_a_pause(mutex: &Mutex<u8>) -> u8 {
        let guard = mutex.lock().unwrap();
        pause().await;
        *guard
    }

    pub(super) async fn mutable(value: &mut Cell<u8>) -> &Cell<u8> {
        pause().await;
        value
    }

    pub(super) async fn ignored(_: Local, _named: &Cell<u8>) {}

    pub(super) async fn calls(value: u8) -> u8 {
        of(held(value).await).await
    }

    pub(super) async fn object(value: Box<dyn Fn(&str) -> usize + Send>) -> usize {
        pause().await;
        value("a")
    }

    pub(super) fn future<T>(value: T) -> impl Future<Output = T> {
        ready(value)
    }

    pub(super) fn future_that_stays<T>(value: T) -> impl Future<Output = T> {
        async move {
            pause().await;
            value
        }
    }

    pub(super) fn future_without_what_it_was_made_of(value: &Local) -> impl Future<Output = u8> + use<> {
        ready(**value)
    }

    pub(super) fn boxed(value: u8) -> Pin<Box<dyn Future<Output = u8> + Send + Sync>> {
        Box::pin(async move { value })
    }

    pub(super) fn boxed_local(value: Local) -> LocalBoxFuture<'static, u8> {
        Box::pin(async move { *value })
    }

    pub(super) fn checked(value: u8) -> Result<impl Future<Output = u8>, Local> {
        if value == 0 { Err(Local::new(0)) } else { Ok(ready(value)) }
    }

    pub(super) fn iterator<T>(values: Vec<T>) -> impl Iterator<Item = T> {
        values.into_iter()
    }

    pub(super) fn iterator_of_others<T>(values: Vec<T>) -> impl Iterator<Item = Local> {
        values.into_iter().map(|_| Local::new(1))
    }

    pub(super) fn iterator_that_stays(pinned: PhantomPinned, to: u8) -> impl Iterator<Item = u8> {
        (0..to).inspect(move |_| {
            let _ = &pinned;
        })
    }

    pub(super) fn boxed_iterator(to: u8) -> Box<dyn Iterator<Item = u8> + Send + Sync> {
        Box::new(0..to)
    }
}

#[test]
fn probes_detect_each_trait() {
    assert_eq!(traits!(1), [true; 5]);
    assert_eq!(traits!(Local::new(1)), [false, false, true, true, true]);
    assert_eq!(traits!(Cell::new(1)), [true, false, true, true, false]);
    assert_eq!(traits!(&Cell::new(1)), [false, false, true, false, false]);
    assert_eq!(traits!(PhantomPinned), [true, true, false, true, true]);
}

#[test]
fn of_the_futures_of_async_functions() {
    same_traits!(of(1));
    same_traits!(of(Local::new(1)));
    same_traits!(of(Cell::new(1)));
    same_traits!(of(&Cell::new(1)));
    same_traits!(of(PhantomPinned));
    same_traits!(of(&mut 1));
    assert_eq!(same_traits!(held(1))[..3], [true, true, false]);
    assert_eq!(same_traits!(held(Local::new(1)))[..3], [false, false, false]);
    assert_eq!(same_traits!(held(Cell::new(1)))[..3], [true, false, false]);
    same_traits!(held(&Cell::new(1)));
    same_traits!(held(Mutex::new(1)));
    same_traits!(held(None::<MutexGuard<'_, u8>>));
    assert_eq!(same_traits!(dropped_before_a_pause())[..2], [true, true]);
    assert_eq!(same_traits!(held_over_a_pause())[..2], [false, false]);
    assert_eq!(same_traits!(made_after_a_pause())[..2], [true, true]);
    same_traits!(guard_over_a_pause(&Mutex::new(1)));
    same_traits!(mutable(&mut Cell::new(1)));
    same_traits!(ignored(Local::new(1), &Cell::new(1)));
    same_traits!(calls(1));
    same_traits!(object(Box::new(str::len)));
}

#[test]
fn of_futures_that_are_returned() {
    assert_eq!(same_traits!(future(1))[..3], [true, true, true]);
    same_traits!(future(Local::new(1)));
    same_traits!(future(Cell::new(1)));
    same_traits!(future(PhantomPinned));
    assert_eq!(same_traits!(future_that_stays(1))[..3], [true, true, false]);
    same_traits!(future_that_stays(Local::new(1)));
    same_traits!(future_that_stays(Cell::new(1)));
    assert_eq!(same_traits!(future_without_what_it_was_made_of(&Local::new(1)))[..2], [true, true]);
    same_traits!(boxed(1));
    same_traits!(boxed_local(Local::new(1)));
    same_traits!(checked(1));
    same_traits!(checked(1).ok());
}

#[test]
fn of_iterators_that_are_returned() {
    assert_eq!(same_traits!(iterator(vec![1]))[..3], [true, true, true]);
    same_traits!(iterator(vec![Local::new(1)]));
    same_traits!(iterator(vec![Cell::new(1)]));
    same_traits!(iterator(vec![PhantomPinned]));
    assert_eq!(same_traits!(iterator_of_others(vec![1]))[..3], [true, true, true]);
    same_traits!(iterator_of_others(vec![&Cell::new(1)]));
    assert_eq!(same_traits!(iterator_that_stays(PhantomPinned, 1))[..3], [true, true, false]);
    same_traits!(boxed_iterator(1));
}

#[cfg(feature = "stream")]
mod streams {
    use futures_util::stream::{self, BoxStream, Stream};

    use super::*;

    both! {
        pub(super) fn ready<T>(values: Vec<T>) -> impl Stream<Item = T> {
            stream::iter(values)
        }

        pub(super) fn that_stays<T>(values: Vec<T>) -> impl Stream<Item = T> {
            stream::unfold(values, |mut values| async move {
                pause().await;
                Some((values.pop()?, values))
            })
        }

        pub(super) fn boxed(to: u8) -> BoxStream<'static, u8> {
            Box::pin(stream::iter(0..to))
        }
    }

    #[test]
    fn of_streams_that_are_returned() {
        assert_eq!(same_traits!(ready(vec![1]))[..3], [true, true, true]);
        same_traits!(ready(vec![Local::new(1)]));
        same_traits!(ready(vec![Cell::new(1)]));
        assert_eq!(same_traits!(that_stays(vec![1]))[..3], [true, true, false]);
        same_traits!(that_stays(vec![Local::new(1)]));
        same_traits!(that_stays(vec![Cell::new(1)]));
        same_traits!(boxed(1));
    }
}
