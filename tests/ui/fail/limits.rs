//! What stable Rust does not let an attribute do, and what to write instead, as the module `instead` of `pass/later.rs` does.

#[repr(C, packed)]
struct Packed {
    small: u8,
    large: u32,
}

/// Nothing tells the body what the closure in the tuple takes: write `|a: u8|`.
#[llmobs::task]
fn closure_with_inferred_arguments(by: u8) -> (impl Fn(u8) -> u8, u8) {
    (move |a| a.wrapping_add(by), by)
}

/// The parts are captured by reference: take the whole, and its parts in the body, or write `skip(large)`.
#[llmobs::task]
fn part_of_a_packed_struct(Packed { small, large }: Packed) -> u32 {
    u32::from(small) + large
}

struct Lasting<'a>(&'a str);

impl serde::Serialize for Lasting<'static> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// `Serialize` is found although it is not for this lifetime: leave the argument out with `skip(text)`.
#[llmobs::task]
fn serialize_for_one_lifetime(text: Lasting<'_>) -> usize {
    text.0.len()
}

/// The body has the argument by then: let the function return what is needed, or annotate the span in the body.
#[llmobs::task(output = format!("{text}: {ret}"))]
fn output_of_a_moved_argument(text: String) -> usize {
    text.len()
}

#[llmobs::task(tags(first = list[0], last = ret[0]), metrics(length = list.len() + ret.len()))]
async fn notes_of_a_moved_argument(list: Vec<u8>) -> Vec<u8> {
    list
}

fn main() {}
