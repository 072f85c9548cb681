//! Values that are nested deeper than the stack. Not part of `it`, because `.ci/run` also builds it with optimizations: without these,
//! functions need more than the smallest stack of these tests.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test panics if it cannot continue")]

use std::fmt;
use std::process::Command;

use llmobs::testing::Collector;
use serde::{Serialize, Serializer};

/// A list of any length, which `Debug` and `Serialize` visit recursively.
#[derive(Debug)]
struct Chain(Option<Box<Chain>>);

impl Chain {
    fn new(length: usize) -> Self {
        (0..length).fold(Self(None), |chain, _| Self(Some(Box::new(chain))))
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut chain) = next {
            next = chain.0.take();
        }
    }
}

struct Nested(Chain);

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Link<'a>(&'a Chain);
        impl Serialize for Link<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_newtype_struct("Link", &self.0.0.as_deref().map(Link))
            }
        }
        Link(&self.0).serialize(serializer)
    }
}

#[llmobs::task]
fn takes(chain: &Chain, nested: &Nested) -> usize {
    usize::from(chain.0.is_some()) + usize::from(nested.0.0.is_some())
}

/// Formats the next link with `write!`.
struct Written<'a>(&'a Chain);

impl fmt::Debug for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.0 {
            Some(below) => write!(f, "<{:?}>", Written(below)),
            None => f.write_str("end"),
        }
    }
}

#[llmobs::task]
fn takes_written(written: Written<'_>) -> bool {
    written.0.0.is_some()
}

#[derive(Debug)]
struct Failed(Chain);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[llmobs::task]
async fn fails(chain: Chain) -> Result<(), Failed> {
    Err(Failed(chain))
}

/// The name of the variable with the size of a stack, in KiB.
const STACK: &str = "LLMOBS_HOSTILE_STACK";

/// Runs in a separate process, because the system kills a process whose stack overflows.
#[test]
fn values_deeper_than_a_small_stack() {
    let Ok(kib) = std::env::var(STACK) else { return };
    let collector = Collector::new();
    let context = collector.context();
    let (chain, nested) = (Chain::new(100_000), Nested(Chain::new(100_000)));
    let small = std::thread::Builder::new().stack_size(kib.parse::<usize>().unwrap() * 1024);
    let thread = small.spawn(move || {
        let _inside = context.attach();
        assert_eq!(takes(&chain, &nested), 2);
        assert!(takes_written(Written(&chain)));
        assert!(pollster::block_on(fails(chain)).is_err());
    });
    thread.unwrap().join().unwrap();
    let tree = collector.tree();
    let [takes, written, fails] = tree.lines().collect::<Vec<_>>().try_into().unwrap();
    // Ordinary values have far fewer levels.
    let is_deep = |text: &str, level: &str| assert!(text.matches(level).count() > 25, "{text}");
    assert!(takes.starts_with("task takes  in {\"chain\":\"Chain(Some(Chain(Some("), "{takes:.200}");
    is_deep(takes, "Chain(Some(");
    assert!(takes.ends_with("bytes]\",\"nested\":\"… [nested too deep]\"}  out 2"), "{takes}");
    is_deep(written, "<");
    is_deep(fails.split_once("  error deep::Failed: ").unwrap().1, "Chain(Some(");
}

#[test]
fn value_deeper_than_the_stack_is_cut() {
    // Without optimizations, functions need more stack.
    let small = if cfg!(debug_assertions) { 2 } else { 0 };
    for kib in ["64", "128", "256", "2048"].into_iter().skip(small) {
        let program = std::env::current_exe().unwrap();
        let test = ["values_deeper_than_a_small_stack", "--exact"];
        let ran = Command::new(program).args(test).env(STACK, kib).output().unwrap();
        assert!(ran.status.success(), "{kib} KiB: {}", String::from_utf8_lossy(&ran.stderr));
        assert!(String::from_utf8_lossy(&ran.stdout).contains("1 passed"));
    }
}
