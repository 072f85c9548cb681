//! All mistakes in options are reported at once, each on its token, and the function is still there: tokio-rs/tracing#772, #615, #612

#[llmobs::llm(
    name,
    session_id("s"),
    ml_app(),
    model_name,
    model_provider(a, b),
    inputs = a,
    redact,
    skip_output = true,
    input,
    tags = "a",
    metadata,
    metrics = 1,
    parent,
    crate = "llmobs",
    future = true,
    fold(sum)
)]
fn written_in_another_way(a: u8) -> u8 {
    a
}

#[llmobs::agent(
    version,
    skip = "a",
    skip_all(a),
    output(ret),
    skip_error(a),
    crate,
    stream(),
    name = ,
    session_id = +,
    "a text",
    7,
    = 1,
    (a),
    ml_app = "a" "b",
    crate = 1 + 1,
)]
fn written_in_yet_another_way(a: u8) -> u8 {
    a
}

#[llmobs::task(
    skip("a"),
    inputs(a b),
    redact(1),
    tags("a"),
    metadata(a: 1, 2),
    metrics(a =),
    input(),
)]
fn lists(a: u8) -> u8 {
    a
}

#[llmobs::task(nam = "x", sesion_id = "s", skipp(a), skip_outputs, tag(a = 1), metric(a = 1), streams, parnt = a)]
fn misspelled(a: u8) -> u8 {
    a
}

#[llmobs::task(colour)]
fn unknown() {}

#[llmobs::llm(model = "m", provider = "p", session = "s", app = "a", ret = 1, crate_path = llmobs)]
fn called_otherwise_elsewhere() {}

#[llmobs::task(skip_input, skip_inputs, skip_args, args(a), fields(a = 1), properties(a = 1))]
fn more_called_otherwise_elsewhere() {}

#[llmobs::task(name = "a", name = "b", skip_all, skip_all, tags(a = 1), tags(b = 2))]
fn given_twice() {}

#[llmobs::task(inputs(a), skip(b), skip_all)]
fn inputs_and_what_leaves_out(a: u8, b: u8) -> u8 {
    a + b
}

#[llmobs::task(inputs(a), skip(a), redact(b), skip_all, input = a)]
fn input_and_what_else_is_shown(a: u8, b: u8) -> u8 {
    a + b
}

#[llmobs::task(skip(a), redact(a))]
fn skipped_and_redacted(a: u8) -> u8 {
    a
}

#[llmobs::task(output = ret, skip_output, fold = drop)]
fn output_and_none(a: u8) -> impl Iterator<Item = u8> {
    0..a
}

#[llmobs::task(future, iterator, stream)]
fn one_of_three() -> std::future::Ready<u8> {
    std::future::ready(1)
}

#[llmobs::task(model_name = "m", model_provider = "p", version = "1")]
fn of_other_kinds() {}

#[llmobs::llm(version = "1")]
fn of_agents_alone() {}

#[llmobs::agent(model_name = "m", version = "1")]
fn of_models_alone() {}

#[llmobs::task(skip(questoin, index), redact(_other, self))]
fn names_of_no_argument(question: &str) {
    let _ = question;
}

#[llmobs::task(inputs(pair, first))]
fn names_in_patterns((first, _second): (u8, u8), _: u8) -> u8 {
    first
}

#[llmobs::task(nam = "x", skip(b), model_name = "m")]
const fn of_every_sort(a: u8) -> u8 {
    a
}

fn main() {
    let _ = written_in_another_way(1) + written_in_yet_another_way(1) + lists(1) + misspelled(1);
    unknown();
    called_otherwise_elsewhere();
    more_called_otherwise_elsewhere();
    given_twice();
    let _ = inputs_and_what_leaves_out(1, 2) + input_and_what_else_is_shown(1, 2) + skipped_and_redacted(1);
    let _ = (output_and_none(1), one_of_three());
    of_other_kinds();
    of_agents_alone();
    of_models_alone();
    names_of_no_argument("");
    let _ = names_in_patterns((1, 2), 3) + of_every_sort(1);
}
