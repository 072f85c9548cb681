//! Small crates with and without cycles. They are only read, not compiled.

use expect_test::{Expect, expect};

use crate::graph::Graphs;
use crate::workspace;

fn load(fixture: &str) -> Graphs {
    let folder = workspace().join("tests/architecture/fixtures");
    Graphs::load(&folder.join(fixture), &folder)
}

#[track_caller]
fn check(fixture: &str, expected: &Expect) {
    expected.assert_eq(&load(&format!("cyclic/{fixture}")).cycles());
}

#[test]
fn a_path_from_the_root() {
    check(
        "crate_path.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/crate_path.rs:2 uses span::Span
            cyclic/crate_path.rs:8 uses call::Call
    "#]],
    );
}

#[test]
fn a_path_from_the_parent() {
    check(
        "super_path.rs",
        &expect![[r#"
        trace::call -> trace::span -> trace::call
            cyclic/super_path.rs:3 uses trace::span::Span
            cyclic/super_path.rs:10 uses trace::call::Call
    "#]],
    );
}

#[test]
fn a_path_from_the_module_itself() {
    check(
        "self_path.rs",
        &expect![[r#"
        trace::call -> trace::span -> trace::call
            cyclic/self_path.rs:6 uses trace::span::Span, re-exported as trace::Span
            cyclic/self_path.rs:12 uses trace::call::Call, re-exported as trace::Call
    "#]],
    );
}

#[test]
fn a_group() {
    check(
        "group.rs",
        &expect![[r#"
            call -> span -> call
                cyclic/group.rs:2 uses span::Span
                cyclic/group.rs:10 uses call
        "#]],
    );
}

#[test]
fn a_glob() {
    check(
        "glob.rs",
        &expect![[r#"
            call -> span -> call
                cyclic/glob.rs:2 uses span::*
                cyclic/glob.rs:8 uses call::*
        "#]],
    );
}

#[test]
fn a_glob_of_the_parent() {
    check(
        "glob_of_parent.rs",
        &expect![[r#"
        trace::call -> trace::span -> trace::call
            cyclic/glob_of_parent.rs:5 uses trace::span::Span
            cyclic/glob_of_parent.rs:11 uses trace::call::Call, re-exported as trace::Call
    "#]],
    );
}

#[test]
fn a_renamed_module() {
    check(
        "rename.rs",
        &expect![[r#"
        trace::call -> trace::span -> trace::call
            cyclic/rename.rs:7 uses trace::span::Span, re-exported as layer
            cyclic/rename.rs:13 uses trace::call::Call
    "#]],
    );
}

#[test]
fn a_re_export_counts_for_the_module_that_defines_the_item() {
    check(
        "re_export.rs",
        &expect![[r#"
        call -> prelude -> span -> call
            cyclic/re_export.rs:2 uses prelude::Handle, which re-exports span::Span
            cyclic/re_export.rs:8 uses span::Span
            cyclic/re_export.rs:12 uses call::Call
        call -> span -> call
            cyclic/re_export.rs:2 uses span::Span, re-exported as prelude::Handle
            cyclic/re_export.rs:12 uses call::Call
    "#]],
    );
}

#[test]
fn a_re_export_counts_for_the_module_that_re_exports() {
    check(
        "re_exporting_module.rs",
        &expect![[r#"
        call -> prelude -> call
            cyclic/re_exporting_module.rs:2 uses prelude::Span, which re-exports span::Span
            cyclic/re_exporting_module.rs:6 uses call::Call
    "#]],
    );
}

#[test]
fn a_re_exported_trait_that_a_glob_imports() {
    check(
        "re_exported_trait.rs",
        &expect![[r#"
            call -> prelude -> span -> call
                cyclic/re_exported_trait.rs:2 uses prelude::*
                cyclic/re_exported_trait.rs:10 uses span::Start
                cyclic/re_exported_trait.rs:16 uses call::begin
            call -> span -> call
                cyclic/re_exported_trait.rs:2 uses span::Start
                cyclic/re_exported_trait.rs:16 uses call::begin
        "#]],
    );
}

#[test]
fn a_path_in_an_expression_or_a_pattern() {
    check(
        "expression.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/expression.rs:3 uses span::start
            cyclic/expression.rs:10 uses call::LAST
    "#]],
    );
}

#[test]
fn a_path_in_a_type_or_a_bound() {
    check(
        "type_position.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/type_position.rs:2 uses span::Span
            cyclic/type_position.rs:6 uses call::Callable
    "#]],
    );
}

#[test]
fn an_import_in_a_function() {
    check(
        "function_import.rs",
        &expect![[r#"
        trace::call -> trace::span -> trace::call
            cyclic/function_import.rs:4 uses trace::span
            cyclic/function_import.rs:12 uses trace::call::begin
    "#]],
    );
}

#[test]
fn a_path_in_a_macro() {
    check(
        "macro_argument.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/macro_argument.rs:3 uses span::Span
            cyclic/macro_argument.rs:8 uses call::begin
    "#]],
    );
}

#[test]
fn an_import_in_a_macro() {
    check(
        "macro_import.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/macro_import.rs:2 uses span::Span
            cyclic/macro_import.rs:6 uses call::Call
    "#]],
    );
}

#[test]
fn a_path_in_the_definition_of_a_macro() {
    check(
        "dollar_crate.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/dollar_crate.rs:4 uses span::start
            cyclic/dollar_crate.rs:11 uses call::begin
    "#]],
    );
}

#[test]
fn the_name_of_a_macro() {
    check(
        "macro_invocation.rs",
        &expect![[r#"
        clock -> log -> clock
            cyclic/macro_invocation.rs:10 uses log::warn_limited
            cyclic/macro_invocation.rs:4 uses clock::now
    "#]],
    );
}

#[test]
fn the_path_of_an_exported_macro() {
    check(
        "exported_macro.rs",
        &expect![[r#"
        clock -> log -> clock
            cyclic/exported_macro.rs:10 uses log::warn_limited, re-exported as warn_limited
            cyclic/exported_macro.rs:4 uses clock::now
    "#]],
    );
}

#[test]
fn a_path_in_an_attribute_of_serde() {
    check(
        "serde_string.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/serde_string.rs:4 uses span::read
            cyclic/serde_string.rs:10 uses call::Call
    "#]],
    );
}

#[test]
fn the_name_of_the_crate_in_itself() {
    check(
        "own_name.rs",
        &expect![[r#"
        call -> span -> call
            cyclic/own_name.rs:4 uses span::Span
            cyclic/own_name.rs:8 uses call::Call
    "#]],
    );
}

#[test]
fn modules_in_several_folders() {
    check(
        "folders.rs",
        &expect![[r#"
            deliver -> trace -> model -> deliver
                cyclic/folders.rs:4 uses trace::span::Span
                cyclic/folders.rs:15 uses model::Record
                cyclic/folders.rs:10 uses deliver::Queue
        "#]],
    );
}

#[test]
fn several_cycles() {
    check(
        "several.rs",
        &expect![[r#"
        call -> context -> call
            cyclic/several.rs:2 uses context::Context
            cyclic/several.rs:15 uses call::Call
        call -> span -> call
            cyclic/several.rs:3 uses span::Span
            cyclic/several.rs:19 uses call::Call
        call::notes -> call::setup -> call::notes
            cyclic/several.rs:10 uses call::setup::Setup
            cyclic/several.rs:6 uses call::notes::Notes
    "#]],
    );
}

#[test]
fn files_with_a_path_attribute() {
    check(
        "path_attribute/lib.rs",
        &expect![[r#"
            call -> span -> call
                cyclic/path_attribute/elsewhere/setup.rs:1 uses span::start::start
                cyclic/path_attribute/span/started.rs:2 uses call::begin
        "#]],
    );
}

#[test]
fn files_next_to_folders_and_inside_of_them() {
    check(
        "files/lib.rs",
        &expect![[r#"
            trace::call -> trace::span -> trace::call
                cyclic/files/trace/call/setup.rs:1 uses trace::span::parent::Parent
                cyclic/files/trace/span/parent.rs:1 uses trace::call
        "#]],
    );
}

#[test]
fn accepted_uses_have_no_cycle() {
    let files = ["comments", "layers", "names_in_blocks", "other_crates", "parents_and_children", "tests"];
    for file in files {
        assert_eq!(load(&format!("acyclic/{file}.rs")).cycles(), "", "{file}");
    }
}

#[test]
fn layers_are_listed_from_the_top() {
    expect![[r#"
        client  -> deliver, model

        deliver -> base, model

        model   -> base

        base
    "#]]
    .assert_eq(&load("acyclic/layers.rs").layers());
}
