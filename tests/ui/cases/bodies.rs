//! Mistakes in the body are told as if the attribute were not there.

#[llmobs::workflow]
fn wrong_type(a: u8) -> String {
    a + 1
}

#[llmobs::workflow]
async fn wrong_type_async(a: u8) -> Result<String, std::fmt::Error> {
    Ok(a)
}

#[llmobs::workflow]
fn no_tail() -> u8 {
    let _ = 1;
}

#[llmobs::workflow]
fn moved_twice(text: String) -> (String, String) {
    (text, text)
}

fn main() {}
