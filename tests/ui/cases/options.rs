//! Every mistake is reported at once, on the token that is to blame.

#[llmobs::workflow(nam = "x", session_id, skip = "a", skip_all = true, skip_output(a), name = "y", name = "z", colour)]
fn wrong_options(a: u8) -> u8 {
    a
}

#[llmobs::task(model_name = "gpt-4o")]
fn wrong_kind() {}

#[llmobs::task(skip(questoin, index))]
fn wrong_names(question: &str) {
    let _ = question;
}

#[llmobs::task(name = )]
fn no_value() {}

struct NotText;

#[llmobs::task(name = NotText)]
fn not_text() {}

fn main() {
    // The functions are there all the same.
    wrong_options(1);
    wrong_kind();
    wrong_names("");
    no_value();
}
