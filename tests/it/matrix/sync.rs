//! Bodies of plain functions.

use std::cell::RefCell;
use std::mem::{ManuallyDrop, forget};
use std::ops::ControlFlow;

use super::compare::{Named, note};

both! {
    pub(super) fn unused_arguments(_a: Named, _b: Named, _c: Named) {}

    pub(super) fn moved_argument(a: Named, b: Named, c: Named) -> &'static str {
        drop(b);
        note(c.0);
        a.0
    }

    pub(super) fn part_moved_out(pair: (Named, Named), other: Named) -> Named {
        let moved = pair.0;
        note(other.0);
        moved
    }

    pub(super) fn returned_argument(a: Named, _b: Named, c: Named) -> (Named, Named) {
        (c, a)
    }

    pub(super) fn locals(a: Named) -> &'static str {
        let first = Named("first");
        let _second = Named("second");
        let _ = Named("not bound");
        { let _inner = Named("inner"); }
        let first = Named(if first.0 == a.0 { "same" } else { "shadowing" });
        first.0
    }

    pub(super) fn temporaries(a: Named) -> usize {
        let _local = Named("local");
        note(Named("temporary of a statement").0);
        let length = Named("temporary of a let").0.len();
        let _extended = &Named("extended");
        length + Named("temporary of the last expression").name().len() + a.0.len()
    }

    pub(super) fn scrutinees(a: Named) -> &'static str {
        let _local = Named("local");
        if let Some(name) = Some(&Named("if let")).filter(|named| named.0.is_empty()) {
            note(name.0);
        } else {
            note("else");
        }
        match Named("match").name() {
            "other" => "no",
            _ => a.0,
        }
    }

    pub(super) fn borrowed_by_the_last_expression(cell: RefCell<Named>, other: Named) -> &'static str {
        note(other.0);
        cell.borrow().0
    }

    pub(super) fn early_return(a: Named, which: u8) -> &'static str {
        let _local = Named("local");
        if which == 0 {
            return "at once";
        }
        let _later = Named("later");
        match which {
            1 => return a.0,
            2 => {}
            _ => { let _deep = Named("deep"); return "deep"; }
        }
        "at the end"
    }

    pub(super) fn question_mark(a: Named, good: bool) -> Result<Named, Named> {
        let _local = Named("local");
        let name = a.check(good)?;
        let _later = Named("later");
        Ok(Named(name))
    }

    pub(super) fn question_mark_of_option(a: Option<Named>, _b: Named) -> Option<&'static str> {
        let _local = Named("local");
        let name = a.as_ref()?.0;
        Some(name)
    }

    pub(super) fn question_mark_of_control_flow(a: Named, proceed: bool) -> ControlFlow<Named, u8> {
        (if proceed { ControlFlow::Continue(()) } else { ControlFlow::Break(a) })?;
        ControlFlow::Continue(1)
    }

    pub(super) fn labels(a: Named, stop: bool) -> Named {
        let _local = Named("local");
        let found = 'block: {
            let _in_block = Named("in block");
            if stop {
                break 'block Named("broken out");
            }
            Named("block")
        };
        'outer: for name in ["x", "y"] {
            let _in_loop = Named(name);
            loop {
                let _in_inner = Named("inner");
                if stop {
                    continue 'outer;
                }
                break 'outer;
            }
        }
        let last = loop {
            let _in_loop = Named("in loop");
            break Named("of loop");
        };
        note(found.0);
        if stop { a } else { last }
    }

    pub(super) fn assigned(mut a: Named, mut b: Option<Named>) -> Option<Named> {
        note(a.0);
        a = Named("new a");
        note(a.0);
        let taken = b.take();
        b = Some(Named("new b"));
        note(b.as_ref()?.0);
        taken
    }

    pub(super) fn declared_late(a: Named, set: bool) -> &'static str {
        let late;
        let _between = Named("between");
        if set {
            late = Named("late");
            note(late.0);
        }
        a.0
    }

    pub(super) fn let_else(a: Result<Named, Named>) -> &'static str {
        let _local = Named("local");
        let Ok(value) = a else {
            return "else";
        };
        value.0
    }

    pub(super) fn closures(a: Named, b: Named, call: impl FnOnce(Named) -> Named) -> Named {
        let in_closure = move || {
            let _inside = Named("inside");
            b.0
        };
        note(in_closure());
        let c = call(a);
        note("called");
        c
    }

    pub(super) fn nested(a: Named) -> usize {
        const LENGTH: usize = { const fn two() -> usize { 2 } two() };
        static TEXT: &str = "static";
        struct Local(Named);
        impl Local {
            fn length(self) -> usize { self.0.0.len() }
        }
        fn inner(a: Named) -> usize { a.0.len() }
        macro_rules! add { ($a:expr) => { $a + 1 } }
        add!(inner(a)) + LENGTH + TEXT.len() + Local(Named("of local")).length() + const { 1 + 1 }
    }

    pub(super) fn never_dropped(a: Named, b: Named, c: ManuallyDrop<Named>) -> &'static str {
        forget(a);
        let _kept = ManuallyDrop::new(b);
        c.0
    }

    pub(super) fn generic<T, const N: usize>(items: [T; N], keep: impl Fn(&T) -> bool, _other: Named) -> Option<T> {
        items.into_iter().find(|item| keep(item))
    }
}

#[test]
fn values_are_dropped_in_the_same_order() {
    same!(unused_arguments(Named("a"), Named("b"), Named("c")));
    same!(moved_argument(Named("a"), Named("b"), Named("c")));
    same!(part_moved_out((Named("moved"), Named("rest")), Named("other")));
    same!(returned_argument(Named("a"), Named("b"), Named("c")));
    same!(locals(Named("a")));
    same!(temporaries(Named("a")));
    same!(scrutinees(Named("a")));
    same!(borrowed_by_the_last_expression(RefCell::new(Named("a")), Named("b")));
    same!(assigned(Named("a"), Some(Named("b"))));
    same!(declared_late(Named("a"), true));
    same!(declared_late(Named("a"), false));
    same!(never_dropped(Named("a"), Named("b"), ManuallyDrop::new(Named("c"))));
}

#[test]
fn control_flow_is_the_same() {
    for which in 0..4 {
        same!(early_return(Named("a"), which));
    }
    for stop in [false, true] {
        same!(question_mark(Named("a"), stop));
        same!(question_mark_of_option(stop.then(|| Named("a")), Named("b")));
        same!(question_mark_of_control_flow(Named("a"), stop));
        same!(labels(Named("a"), stop));
        same!(let_else(if stop { Err(Named("a")) } else { Ok(Named("a")) }));
    }
}

#[test]
fn items_and_closures_in_a_body_behave_the_same() {
    let seen = same!(closures(Named("a"), Named("b"), |a| Named(if a.0 == "a" { "c" } else { "d" })));
    assert!(format!("{seen:?}").contains("inside"), "{seen:?}");
    same!(nested(Named("a")));
    same!(generic([Named("x"), Named("y"), Named("z")], |item| item.0 == "y", Named("other")));
}
