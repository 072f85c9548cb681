//! A function that nobody calls is found, as without the attribute.

#![deny(warnings, dead_code)]

#[llmobs::workflow]
fn dead() {}

#[llmobs::task(name = used, skip_all)]
fn used_by_an_option_alone(used: &str) {}

fn main() {
    used_by_an_option_alone("");
}
