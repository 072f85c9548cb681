//! Functions that return iterators.

use super::compare::{Named, note, pause, poll_times};

/// Yields its names, and can be advanced after its end.
pub(crate) struct Names(Vec<Named>, Option<u8>);

impl Iterator for Names {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        note("asked");
        self.1 = self.1.map(|left| left.checked_sub(1).expect("no more"));
        self.0.pop()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), None)
    }
}

fn names() -> Vec<Named> {
    ["c", "b", "a"].map(Named).into()
}

both! {
    pub(super) fn owned(names: Vec<Named>, _other: Named) -> impl Iterator<Item = Named> {
        note("body");
        Names(names, None)
    }

    pub(super) fn boxed(names: Vec<Named>, other: Named) -> Box<dyn Iterator<Item = Named>> {
        Box::new(Names(names, None).filter(move |name| name.0 != other.0))
    }

    pub(super) fn borrowed<'a>(names: &'a mut [Named], a: &'a Named) -> impl Iterator<Item = &'a mut Named> {
        names.iter_mut().filter(|name| name.0 != a.0)
    }

    pub(super) fn both_ends(names: Vec<Named>) -> impl DoubleEndedIterator<Item = Named> + ExactSizeIterator {
        names.into_iter()
    }

    pub(super) fn checked(names: Vec<Named>, good: bool) -> Result<impl Iterator<Item = Named>, Named> {
        let _local = Named("local");
        Named("checked").check(good)?;
        Ok(names.into_iter())
    }

    pub(super) fn of_results(names: Vec<Named>) -> impl Iterator<Item = Result<&'static str, Named>> {
        names.into_iter().map(|name| name.check(name.0 != "b"))
    }

    pub(super) fn panics(names: Vec<Named>, after: u8) -> impl Iterator<Item = Named> {
        Names(names, Some(after))
    }

    pub(super) fn panics_before(names: Vec<Named>) -> impl Iterator<Item = Named> {
        assert!(names.is_empty(), "before");
        names.into_iter()
    }

    pub(super) async fn later(names: Vec<Named>, a: Named) -> impl Iterator<Item = Named> {
        pause().await;
        note(a.0);
        Names(names, None)
    }
}

#[test]
fn owned_values_are_dropped_in_the_same_order() {
    for taken in 0..5 {
        let spans = usize::from(taken > 0);
        same!(
            {
                let mut names = owned(names(), Named("other"));
                for _ in 0..taken {
                    note(format!("{:?} {:?}", names.size_hint(), names.next()));
                }
            },
            spans
        );
        same!(boxed(names(), Named("b")).take(taken).collect::<Vec<_>>(), spans);
        same!(drop(panics(names(), 2).take(taken).collect::<Vec<_>>()), spans);
        same!(of_results(names()).take(taken).collect::<Vec<_>>(), spans);
    }
    same!(of_results(names()).collect::<Result<Vec<_>, _>>());
    same!(drop(panics_before(names())));
    same!({
        let mut names = names();
        for name in borrowed(&mut names, &Named("b")) {
            *name = Named("new");
        }
        names
    });
    for good in [false, true] {
        same!(checked(names(), good).map(Vec::from_iter));
    }
    same!(poll_times(2, async { later(names(), Named("other")).await.collect::<Vec<_>>() }));
}

#[test]
fn adapters_behave_the_same() {
    same!({
        let mut names = both_ends(names());
        let before = names.len();
        let ends = (names.next(), names.next_back());
        (before, ends, names.len(), names.rev().collect::<Vec<_>>())
    });
    same!(owned(names(), Named("other")).nth(1));
    same!(owned(names(), Named("other")).last());
    same!(owned(names(), Named("other")).count());
    same!(owned(names(), Named("other")).skip(1).step_by(2).map(|name| name.0).collect::<String>());
    same!(owned(names(), Named("other")).by_ref().zip(0..2).collect::<Vec<_>>());
}
