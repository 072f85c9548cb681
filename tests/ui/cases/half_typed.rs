//! A body that is half typed reaches the compiler as it is.

#[llmobs::workflow]
fn half_typed(text: &str) -> usize {
    text.
}

fn main() {}
