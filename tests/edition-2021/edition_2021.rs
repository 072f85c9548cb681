//! The attributes on functions of edition 2021, where the temporaries of the last expression live longer than the local
//! variables of its block.

#![deny(warnings)]

use std::cell::RefCell;
use std::fmt::Display;
use std::future::Future;
use std::rc::Rc;
use std::sync::Mutex;

use llmobs::testing::Collector;

/// Writes its name to the log when it is dropped.
struct Logged(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Drop for Logged {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

impl Logged {
    fn number(&self) -> u8 {
        1
    }
}

/// The same function with and without the attribute, and in both its forms.
macro_rules! drops {
    ($($(#[$attribute:meta])? $name:ident $($async:ident)?;)*) => {$(
        $(#[$attribute])?
        $($async)? fn $name(argument: Logged, _ignored: Logged, (part, ..): (Logged, Logged)) -> u8 {
            let log = Rc::clone(&argument.1);
            let _ = &part;
            let _local = Logged("local", Rc::clone(&log));
            Logged("temporary", log).number()
        }
    )*};
}

drops! {
    plain;
    #[llmobs::task(skip_all)] traced;
    plain_async async;
    #[llmobs::task(skip_all)] traced_async async;
}

fn order(run: impl FnOnce(Logged, Logged, (Logged, Logged))) -> Vec<&'static str> {
    let log = Rc::<RefCell<Vec<_>>>::default();
    let logged = |name| Logged(name, Rc::clone(&log));
    run(logged("argument"), logged("ignored"), (logged("part"), logged("rest")));
    log.take()
}

#[test]
fn values_are_dropped_in_the_same_order() {
    let collector = Collector::new();
    collector.enter(|| {
        let sync = order(|a, b, c| assert_eq!(plain(a, b, c), 1));
        assert_eq!(order(|a, b, c| assert_eq!(traced(a, b, c), 1)), sync);
        let r#async = order(|a, b, c| assert_eq!(pollster::block_on(plain_async(a, b, c)), 1));
        assert_eq!(order(|a, b, c| assert_eq!(pollster::block_on(traced_async(a, b, c)), 1)), r#async);
        assert_eq!(sync.len(), 6);
    });
    assert_eq!(collector.tree(), "task traced  out 1\ntask traced_async  out 1\n");
}

#[llmobs::task]
fn borrows_from_argument_in_the_last_expression(number: Mutex<u8>) -> u8 {
    *number.lock().unwrap()
}

#[llmobs::task]
async fn borrows_from_argument_in_the_last_expression_async(number: Mutex<u8>) -> u8 {
    *number.lock().unwrap()
}

/// A body that a macro by example passed on.
macro_rules! with_body {
    ($name:ident, $body:block) => {
        #[llmobs::task]
        fn $name() -> u8 $body
    };
}
with_body!(body_of_a_macro, { 7 });

#[llmobs::task]
fn opaque_items() -> Box<dyn Iterator<Item = impl Display>> {
    Box::new([1, 2].into_iter())
}

#[allow(clippy::empty_loop, reason = "it is never called")]
#[llmobs::task]
async fn never() -> ! {
    loop {}
}

#[llmobs::task]
fn lints_of_arguments(#[allow(unused_variables)] a: u8, #[expect(unused_variables)] b: u8, _c: u8) {}

struct Point {
    alpha: u8,
    beta: String,
}

#[llmobs::task]
fn shorthand_fields(Point { alpha, ref mut beta }: Point) -> usize {
    beta.push('!');
    usize::from(alpha) + beta.len()
}

#[llmobs::task]
fn mutable_borrow_of_a_part(
    (ref mut text, _unused): (String, u8),
    #[expect(non_snake_case)] fB: u8,
) -> usize {
    text.push('!');
    text.len() + usize::from(fB)
}

#[llmobs::task(name = first, skip_all)]
fn nested_patterns(&mut (ref mut first, _): &mut (String, u8)) -> usize {
    first.push('!');
    first.len()
}

trait Run: Sized {
    /// Has the name of a method of llmobs, on every type there is.
    fn run<F>(self, _: F) -> u8 {
        0
    }
}
impl<T> Run for T {}

#[test]
fn valid_functions_compile_and_behave_as_before() {
    let collector = Collector::new();
    collector.enter(|| {
        assert_eq!(borrows_from_argument_in_the_last_expression(Mutex::new(5)), 5);
        assert_eq!(pollster::block_on(borrows_from_argument_in_the_last_expression_async(Mutex::new(6))), 6);
        assert_eq!(body_of_a_macro(), 7);
        assert_eq!(opaque_items().map(|item| item.to_string()).collect::<String>(), "12");
        drop(never());
        lints_of_arguments(1, 2, 3);
        assert_eq!(nested_patterns(&mut ("me".to_owned(), 1)), 3);
        assert_eq!(shorthand_fields(Point { alpha: 1, beta: "b".to_owned() }), 3);
        assert_eq!(mutable_borrow_of_a_part(("text".to_owned(), 2), 1), 6);
        assert_eq!(().run(()), 0);
    });
    assert_eq!(collector.events().len(), 8);
    assert!(collector.tree().contains("task me  out 3\n"), "{}", collector.tree());
}

#[llmobs::task(skip(type, r#secret))]
fn raw_names(r#type: &str, secret: &str, r#match: u8) -> u8 {
    let _ = (r#type, secret);
    r#match
}

#[test]
fn raw_names_are_skipped() {
    let collector = Collector::new();
    collector.enter(|| raw_names("SECRET", "SECRET", 1));
    assert_eq!(collector.tree(), "task raw_names  in {\"match\":1}  out 1\n");
}

/// In this edition an `impl` in return position captures only the lifetimes that it names.
#[llmobs::task]
fn later<'a>(text: &'a str, _other: &str) -> impl Future<Output = &'a str> + 'a {
    async move { text }
}

#[llmobs::task(output = ret.len())]
fn described<'a: 'a, T: AsRef<str> + 'a>(
    text: T,
    _other: &'a str,
) -> impl Future<Output = String> + use<'a, T> {
    let owned = text.as_ref().to_owned();
    async move { owned }
}

#[llmobs::task]
fn letters<'a>(text: &'a str, _other: &str) -> impl Iterator<Item = char> + 'a {
    text.chars()
}

#[llmobs::task]
fn nothing_borrowed(text: &str) -> impl Iterator<Item = usize> + 'static {
    0..text.len()
}

#[test]
fn a_returned_future_borrows_no_more_than_its_type_says() {
    let collector = Collector::new();
    let _attached = collector.attach();
    let text = "ab".to_owned();
    let (later, letters) = {
        let other = "other".to_owned();
        (later(&text, &other), letters(&text, &other))
    };
    assert_eq!(pollster::block_on(later), "ab");
    assert_eq!(letters.count(), 2);
    assert_eq!(pollster::block_on(described(&text, "")), "ab");
    let counted = nothing_borrowed(&text);
    drop(text);
    assert_eq!(counted.count(), 2);
    let tree = "\
task later  in {\"text\":\"ab\",\"_other\":\"other\"}  out ab
task letters  in {\"text\":\"ab\",\"_other\":\"other\"}  out ab
task described  in {\"text\":\"<&alloc::string::String>\",\"_other\":\"\"}  out 2
task nothing_borrowed  in {\"text\":\"ab\"}  out [0,1]
";
    assert_eq!(collector.tree(), tree);
}
