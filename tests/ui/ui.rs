//! The messages of the compiler about mistakes, and code that is instrumented without any message.
//!
//! `TRYBUILD=overwrite cargo test -p llmobs-ui-tests` writes the messages anew; read what changed before it is committed.

#[test]
fn mistakes_are_told_on_their_tokens() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn instrumented_code_is_free_of_lints() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
