//! What cannot be traced.

#[llmobs::workflow]
const fn constant(a: u8) -> u8 {
    a
}

const SUM: u8 = constant(1);

#[llmobs::workflow]
struct Struct;

trait Trait {
    #[llmobs::workflow]
    fn without_body(&self);
}

fn main() {
    let _ = (SUM, Struct);
}
