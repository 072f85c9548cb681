//! Items that cannot be traced. Each is still there beside its error.

/// One error, on `const`: tokio-rs/tracing#2414
#[llmobs::workflow]
const fn constant(a: u8) -> u8 {
    a
}

const SUM: u8 = constant(1);

#[llmobs::workflow]
pub const unsafe extern "C" fn constant_and_more() {}

#[llmobs::workflow]
struct Struct;

#[llmobs::workflow]
enum Enum {
    Variant,
}

#[llmobs::workflow]
static STATIC: u8 = 1;

#[llmobs::workflow]
type Alias = u8;

#[llmobs::workflow]
use std::fmt::Debug;

trait Trait {
    #[llmobs::workflow]
    fn without_body(&self);

    #[llmobs::workflow]
    type Associated;

    #[llmobs::workflow]
    const CONSTANT: u8;
}

#[llmobs::workflow]
impl Trait for Struct {
    fn without_body(&self) {}

    type Associated = Alias;

    const CONSTANT: u8 = STATIC_TOO;
}

#[llmobs::workflow]
mod module {
    pub const INNER: u8 = 1;
}

const STATIC_TOO: u8 = module::INNER;

#[llmobs::workflow]
macro_rules! by_example {
    () => {
        1
    };
}

unsafe extern "C" {
    #[llmobs::workflow]
    fn foreign();
}

fn main() {
    let _ = (SUM, Struct, Enum::Variant, STATIC, Struct::CONSTANT, by_example!());
    Struct.without_body();
    let _: &dyn Debug = &1;
    unsafe {
        constant_and_more();
        foreign();
    }
}
