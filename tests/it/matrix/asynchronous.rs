//! Bodies of async functions that run to their end.

use std::cell::RefCell;

use super::compare::{Named, note, pause, poll_times};

both! {
    pub(super) async fn unused_arguments(_a: Named, _b: Named, _c: Named) {}

    pub(super) async fn moved_before_a_pause(a: Named, b: Named) -> &'static str {
        drop(b);
        pause().await;
        a.0
    }

    pub(super) async fn part_moved_out(pair: (Named, Named), other: Named) -> Named {
        let moved = pair.0;
        pause().await;
        note(other.0);
        moved
    }

    pub(super) async fn locals(a: Named) -> usize {
        let _local = Named("local");
        pause().await;
        let _later = Named("later");
        note(Named("temporary of a statement").0);
        Named("temporary of the last expression").name().len() + a.0.len()
    }

    pub(super) async fn held_over_a_pause(a: Named) -> &'static str {
        match Named("scrutinee").name() {
            "" => "empty",
            name => { pause().await; note(name); a.0 }
        }
    }

    pub(super) async fn borrowed_by_the_last_expression(cell: RefCell<Named>) -> &'static str {
        pause().await;
        cell.borrow().0
    }

    pub(super) async fn question_mark(a: Named, good: bool) -> Result<Named, Named> {
        let _local = Named("local");
        pause().await;
        let name = a.check(good)?;
        let _later = Named("later");
        Ok(Named(name))
    }

    pub(super) async fn early_return(a: Named, which: u8) -> &'static str {
        let _local = Named("local");
        for number in 0..3 {
            let _in_loop = Named("in loop");
            pause().await;
            if number == which {
                return a.0;
            }
        }
        "at the end"
    }

    pub(super) async fn assigned(mut a: Named, mut b: Named) -> Named {
        note(a.0);
        a = Named("new a");
        pause().await;
        std::mem::swap(&mut a, &mut b);
        a
    }

    pub(super) async fn blocks_and_closures(a: Named, b: Named, call: impl AsyncFnOnce(Named) -> Named) -> Named {
        let block = async move {
            let _inside = Named("inside");
            pause().await;
            b.0
        };
        note(block.await);
        call(a).await
    }

    pub(super) async fn recursive(depth: u8, a: Named) -> u8 {
        pause().await;
        if depth == 0 { 0 } else { 1 + Box::pin(recursive(depth - 1, a)).await }
    }

    pub(super) async fn waits_for(other: impl Future<Output = Named>, a: Named) -> (Named, Named) {
        (other.await, a)
    }
}

#[test]
fn values_are_dropped_in_the_same_order() {
    same!(poll_times(9, unused_arguments(Named("a"), Named("b"), Named("c"))));
    same!(poll_times(9, moved_before_a_pause(Named("a"), Named("b"))));
    same!(poll_times(9, part_moved_out((Named("a"), Named("b")), Named("c"))));
    same!(poll_times(9, locals(Named("a"))));
    same!(poll_times(9, held_over_a_pause(Named("a"))));
    same!(poll_times(9, borrowed_by_the_last_expression(RefCell::new(Named("a")))));
    same!(poll_times(9, assigned(Named("a"), Named("b"))));
}

#[test]
fn control_flow_is_the_same() {
    for which in 0..4 {
        same!(poll_times(9, early_return(Named("a"), which)));
        same!(poll_times(9, question_mark(Named("a"), which == 0)));
    }
    same!(poll_times(9, recursive(3, Named("a"))), 4);
}

#[test]
fn futures_in_a_body_behave_the_same() {
    same!(poll_times(
        9,
        blocks_and_closures(Named("a"), Named("b"), async |a: Named| {
            pause().await;
            a
        })
    ));
    same!(poll_times(9, waits_for(assigned(Named("a"), Named("b")), Named("c"))), 2);
}
