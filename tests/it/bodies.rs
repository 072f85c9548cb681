//! Bodies that an attribute must not change.

use std::fmt::{Debug, Display};
use std::panic::catch_unwind;

use expect_test::expect;

use crate::support::{check, events, step};

/// tokio-rs/tracing#2857, #2796, #2847, #2897
#[test]
fn borrows_of_mut_arguments_are_returned() {
    struct Rows(Vec<String>);

    impl Rows {
        #[llmobs::task]
        fn last(&mut self) -> Option<&mut String> {
            self.0.last_mut()
        }

        #[llmobs::task]
        async fn push(&mut self, row: &str) -> &mut String {
            self.0.push(row.to_owned());
            self.0.last_mut().unwrap()
        }

        #[llmobs::task]
        fn parts(&mut self) -> Result<(&mut String, &mut [String]), String> {
            self.0.split_first_mut().ok_or_else(|| "empty".to_owned())
        }
    }

    #[llmobs::task]
    fn get_or_insert(slot: &mut Option<u8>) -> &mut u8 {
        match slot {
            Some(value) => value,
            None => slot.insert(1),
        }
    }

    let tree = expect![[r#"
        task push  in {"row":"a"}  out a
        task last  out ab
        task parts  out ["abc",[]]
        task get_or_insert  in {"slot":null}  out 1
    "#]];
    check(
        || {
            let mut rows = Rows(vec![]);
            pollster::block_on(rows.push("a")).push('b');
            rows.last().unwrap().push('c');
            assert_eq!(rows.parts().unwrap().0, "abc");
            let mut slot = None;
            *get_or_insert(&mut slot) += 1;
            assert_eq!(slot, Some(2));
        },
        &tree,
    );
}

/// tokio-rs/tracing#2717
#[test]
fn local_borrows_are_assigned_to_mut_arguments() {
    #[llmobs::task]
    fn trimmed(mut text: &str, mut pair: (&str, u8)) -> usize {
        let lower = text.to_lowercase();
        if pair.1 > 0 {
            text = &lower;
            pair.0 = &lower;
        }
        text.trim().len() + pair.0.len()
    }

    #[llmobs::task]
    async fn trimmed_async(mut text: &str, (mut first, _second): (&str, &str)) -> usize {
        let lower = text.to_lowercase();
        if first.is_empty() {
            text = &lower;
            first = &lower;
        }
        text.trim().len() + first.len()
    }

    assert_eq!(events(|| assert_eq!(trimmed(" A ", ("", 1)), 4)).len(), 1);
    assert_eq!(events(|| assert_eq!(pollster::block_on(trimmed_async(" A ", ("", ""))), 4)).len(), 1);
}

/// rust-lang/rust-analyzer#19944, #17363; tokio-rs/tokio#5518; fast/fastrace#147. The locations in messages of the compiler are in `ui`.
#[test]
fn locations_are_those_of_the_source() {
    const HERE: u32 = line!();
    #[llmobs::task]
    fn lines() -> (u32, u32) {
        (line!(), column!())
    }
    #[llmobs::task]
    async fn lines_async() -> (u32, u32) {
        (line!(), column!())
    }

    assert_eq!(lines(), (HERE + 3, 19));
    assert_eq!(pollster::block_on(lines_async()), (HERE + 7, 19));
}

/// autometrics-dev/autometrics-rs#74, #121; fast/fastrace#130; tokio-rs/tracing#1056, #2270; rust-lang/rust#71968
#[test]
fn inference_and_coercion() {
    type Boxed<'a> = Box<dyn Fn(&str) -> &str + Send + 'a>;

    #[llmobs::task]
    fn collected(text: &str) -> Vec<u16> {
        text.split(',').map(|part| part.parse().unwrap_or_default()).collect()
    }

    #[llmobs::task]
    async fn collected_async(text: &str) -> Result<Vec<u16>, std::num::ParseIntError> {
        text.split(',').map(str::parse).collect()
    }

    #[llmobs::task]
    fn boxed(which: u8) -> Box<dyn Display> {
        if which == 0 {
            return Box::new("text");
        }
        match which {
            1 => Box::new(1),
            _ => Box::new('c'),
        }
    }

    #[llmobs::task]
    async fn nested_box(some: bool) -> Option<Box<dyn Debug>> {
        if some {
            return Some(Box::new(1));
        }
        None
    }

    #[llmobs::task]
    fn objects() -> ([Box<dyn Debug>; 2], &'static [&'static dyn Debug]) {
        ([Box::new(1), Box::new("a")], &[&1, &"a"])
    }

    #[llmobs::task]
    fn converted(text: &str) -> Result<impl Display + use<>, Box<dyn std::error::Error + Send + Sync>> {
        let number: u8 = text.parse()?;
        if number == 0 {
            Err("zero")?;
        }
        Ok(number)
    }

    #[llmobs::task]
    fn partly_known() -> (impl Display, Vec<impl Debug>, Option<impl Iterator<Item = u8>>) {
        (1, vec!["a"], Some(0..3))
    }

    #[llmobs::task]
    fn closures(prefix: &str) -> (Boxed<'_>, fn(&str) -> &str) {
        (Box::new(move |text| text.strip_prefix(prefix).unwrap_or(text)), |text| text.trim())
    }

    #[llmobs::task]
    fn closure(factor: usize) -> impl Fn(&str) -> usize {
        move |text| text.len() * factor
    }

    #[llmobs::task]
    fn borrowing_closure() -> impl Fn(&str) -> &str {
        |text| text.trim()
    }

    #[llmobs::task]
    fn by_default<T: Default>() -> (T, u64) {
        (Default::default(), "7".parse().unwrap_or_default())
    }

    let spans = events(|| {
        assert_eq!(collected("1,x"), [1, 0]);
        assert!(pollster::block_on(collected_async("1,x")).is_err());
        assert_eq!([0, 1, 2].map(|which| boxed(which).to_string()), ["text", "1", "c"]);
        assert!(
            pollster::block_on(nested_box(true)).is_some() && pollster::block_on(nested_box(false)).is_none()
        );
        assert_eq!(format!("{:?}", objects()), r#"([1, "a"], [1, "a"])"#);
        assert_eq!(converted("7").map_err(|error| error.to_string()).unwrap().to_string(), "7");
        assert_eq!(converted("0").err().unwrap().to_string(), "zero");
        assert_eq!(partly_known().2.unwrap().count(), 3);
        let (strip, trim) = closures("a");
        assert_eq!((strip("ab"), trim(" b ")), ("b", "b"));
        assert_eq!((closure(2)("abc"), borrowing_closure()(" a ")), (6, "a"));
        assert_eq!(by_default::<String>(), (String::new(), 7));
    });
    assert_eq!(spans.len(), 15);
}

/// fast/fastrace#137; rust-lang/rust#64636
#[test]
fn diverging_bodies() {
    #[llmobs::task]
    fn panics(text: &str) -> ! {
        step();
        panic!("{text}")
    }

    #[llmobs::task]
    async fn panics_async(text: &str) -> ! {
        step();
        panic!("{text}")
    }

    #[llmobs::task]
    fn never_value(never: std::convert::Infallible) -> u8 {
        match never {}
    }

    #[llmobs::task]
    fn only_error() -> Result<std::convert::Infallible, String> {
        Err("only".to_owned())
    }

    #[llmobs::task]
    fn unfinished(known: bool) -> String {
        if known { "known".to_owned() } else { panic!("later") }
    }

    let tree = expect![[r#"
        task panics  in {"text":"a"}  error panic: a
        └─ task step
        task panics_async  in {"text":"b"}  error panic: b
        └─ task step
        task only_error  error alloc::string::String: only
        task unfinished  in {"known":false}  error panic: later
    "#]];
    check(
        || {
            let _: fn(std::convert::Infallible) -> u8 = never_value;
            let Err(payload) = catch_unwind(|| panics("a"));
            assert_eq!(*payload.downcast::<String>().unwrap(), "a");
            catch_unwind(|| pollster::block_on(async { panics_async("b").await })).err().unwrap();
            only_error().unwrap_err();
            catch_unwind(|| unfinished(false)).unwrap_err();
        },
        &tree,
    );
}

/// metered#2: early returns, with labels, recursion and closures.
#[test]
fn control_flow() {
    #[llmobs::task]
    fn first_even(rows: &[&[u8]]) -> Option<u8> {
        let found = 'rows: {
            for row in rows {
                'numbers: for number in *row {
                    if number % 2 == 1 {
                        continue 'numbers;
                    }
                    break 'rows Some(*number);
                }
            }
            None
        };
        let found = found?;
        if found == const { 1 + 1 } {
            return None;
        }
        let again = || Some(found);
        again()
    }

    #[llmobs::task]
    async fn countdown(number: u8) -> u8 {
        if number == 0 { 0 } else { Box::pin(countdown(number - 1)).await + 1 }
    }

    #[llmobs::task]
    fn factorial(number: u64) -> u64 {
        fn step(number: u64) -> u64 {
            factorial(number - 1) * number
        }
        if number == 0 { 1 } else { step(number) }
    }

    let tree = expect![[r#"
        task first_even  in {"rows":[[],[1],[4]]}  out 4
        task first_even  in {"rows":[[2]]}
        task countdown  in {"number":1}  out 1
        └─ task countdown  in {"number":0}  out 0
        task factorial  in {"number":2}  out 2
        └─ task factorial  in {"number":1}  out 1
           └─ task factorial  in {"number":0}  out 1
    "#]];
    check(
        || {
            assert_eq!(first_even(&[&[], &[1], &[4]]), Some(4));
            assert_eq!(first_even(&[&[2]]), None);
            assert_eq!(pollster::block_on(countdown(1)), 1);
            assert_eq!(factorial(2), 2);
        },
        &tree,
    );
}
