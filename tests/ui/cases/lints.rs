//! Lints about the user's own code still fire, on the user's own tokens.

#![deny(warnings)]

#[llmobs::workflow]
pub fn unused_argument(used: u8, unused: u8) -> u8 {
    used
}

#[llmobs::workflow]
pub fn unused_mut(mut a: u8) -> u8 {
    a
}

#[llmobs::workflow]
pub async fn unused_in_pattern((a, b): (u8, u8)) -> u8 {
    a
}

#[llmobs::workflow]
pub fn unreachable(a: u8) -> u8 {
    return a;
    a + 1
}

fn main() {}
