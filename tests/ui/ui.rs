//! What the compiler says about mistakes, and about code that is merely instrumented.
//!
//! `TRYBUILD=overwrite cargo test -p llmobs-ui-tests` writes the messages anew; read what changed before it is committed.

#[test]
fn messages_of_the_compiler() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
