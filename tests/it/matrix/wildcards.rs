//! Arguments whose patterns bind nothing, such as `_`. They are dropped in order with the other arguments, inside the span.

use super::compare::{Named, pause, poll_times};

both! {
    pub(super) fn last(_a: Named, _: Named) {}

    pub(super) fn first(_: Named, _b: Named) {}

    pub(super) fn between(_a: Named, _: Named, _c: Named) {}

    pub(super) fn only(_: Named, _: Named) {}

    pub(super) fn no_part_is_bound(_a: Named, (_, _): (Named, Named), (..): (Named, Named), [_, ..]: [Named; 2]) {}

    pub(super) async fn later(_a: Named, _: Named, _c: Named) {
        pause().await;
    }

    pub(super) fn items(_: &Named, _: Named) -> impl Iterator<Item = u8> {
        0..3
    }
}

#[test]
fn are_dropped_in_order_with_the_other_arguments() {
    let two = |a, b| (Named(a), Named(b));
    same!(last(Named("a"), Named("_")));
    same!(first(Named("_"), Named("b")));
    same!(between(Named("a"), Named("_"), Named("c")));
    same!(only(Named("_"), Named("__")));
    same!(no_part_is_bound(Named("a"), two("1", "2"), two("p1", "p2"), [Named("x"), Named("y")]));
}

#[test]
fn are_dropped_in_order_by_futures_and_iterators() {
    for polls in [1, 2] {
        same!(poll_times(polls, later(Named("a"), Named("_"), Named("c"))));
    }
    same!(drop(later(Named("a"), Named("_"), Named("c"))), 0);
    same!(items(&Named("a"), Named("_")).count());
    same!(drop(items(&Named("a"), Named("_"))), 0);
}
