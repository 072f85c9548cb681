//! Functions that return iterators.

use super::*;

#[llmobs::task]
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').inspect(|_| step())
}

#[llmobs::task]
fn numbers(to: u32) -> Box<dyn Iterator<Item = Result<u32, String>>> {
    Box::new(
        (0..to).map(|number| if number < 2 { Ok(number) } else { Err(format!("{number} is too large")) }),
    )
}

#[llmobs::task]
fn both_ends(to: usize) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone {
    0..to
}

#[llmobs::task]
fn from_both_ends(to: usize) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator {
    0..to
}

#[llmobs::task]
fn checked(to: usize) -> Result<impl Iterator<Item = usize>, String> {
    step();
    if to == 0 { Err("nothing".to_owned()) } else { Ok(0..to) }
}

#[test]
fn have_a_span_from_the_first_item_to_the_end() {
    let tree = expect![[r#"
        task words  in {"text":"a b"}  out ab
        ├─ task step
        └─ task step
        task numbers  in {"to":3}  out [0,1]  error alloc::string::String: 2 is too large
        task from_both_ends  in {"to":3}  out [0,2,1]
        task checked  in {"to":0}  error alloc::string::String: nothing
        └─ task step
        task checked  in {"to":2}  out [0,1]
        └─ task step
    "#]];
    check(
        || {
            assert_eq!(words("a b").collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!(numbers(3).filter_map(Result::err).collect::<String>(), "2 is too large");
            let mut ends = from_both_ends(3);
            assert_eq!(ends.len(), 3);
            assert_eq!(
                [ends.next(), ends.next_back(), ends.next(), ends.next()],
                [Some(0), Some(2), Some(1), None]
            );
            assert_eq!(checked(0).err().unwrap(), "nothing");
            assert_eq!(checked(2).unwrap().sum::<usize>(), 1);
        },
        &tree,
    );
}

#[test]
fn with_traits_that_a_wrapper_does_not_have_are_captured_as_values() {
    let tree = expect![[r#"
        task both_ends  in {"to":2}  out {"start":0,"end":2}
    "#]];
    check(|| assert_eq!(both_ends(2).clone().count(), 2), &tree);
}

#[test]
fn that_are_dropped_half_way_keep_their_items() {
    let collector = Collector::new();
    collector.enter(|| {
        let mut kept = words("never");
        drop(words("dropped"));
        let mut two = words("a b c");
        assert_eq!((two.next(), two.next()), (Some("a"), Some("b")));
        drop(two);
        let _ = kept.size_hint();
        kept = words("x");
        assert_eq!(kept.by_ref().count(), 1);
    });
    let expected = expect![[r#"
        task words  in {"text":"a b c"}  out ab  cancelled
        ├─ task step
        └─ task step
        task words  in {"text":"x"}  out x
        └─ task step
    "#]];
    expected.assert_eq(&collector.tree());
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
fn are_folded_or_captured_as_documents_or_lists() {
    let tree = expect![[r#"
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
    // Nothing is recorded here, and the fast implementations of a range are used.
    assert_eq!(many().nth(1 << 60), Some(1 << 60));
    assert_eq!(usize::try_from(u64::MAX), Ok(many().count()));
}
