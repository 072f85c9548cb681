//! Completions and manual pages.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::served::LLMOBS;
use crate::text;

/// The long options in a text.
fn long_options(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

/// The text of a manual page, without font changes and escaped hyphens.
fn plain(page: &str) -> String {
    ["\\fB", "\\fI", "\\fR", "\\"].iter().fold(page.to_owned(), |page, mark| page.replace(mark, ""))
}

#[test]
fn bash_completes_options_and_commands() {
    let script = r#"
        source <("$LLMOBS" completions bash)
        complete_words() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            _llmobs llmobs "${@: -1}" "${@: -2:1}"
            echo "${COMPREPLY[*]}"
        }
        complete_words llmobs serve --otlp
        complete_words llmobs se
    "#;
    let output = Command::new("bash").args(["-euc", script]).env("LLMOBS", LLMOBS).output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "--otlp-http-port --otlp-grpc-port\nserve\n");
}

#[test]
fn manual_pages_have_all_options_of_all_commands() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let written = Command::new(LLMOBS).arg("man").arg(&pages).output().unwrap();
    assert!(written.status.success(), "{}", text(&written.stderr));
    let names: BTreeSet<String> =
        fs::read_dir(&pages).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    let commands = ["completions", "man", "run", "serve"];
    let expected = commands.map(|command| format!("llmobs-{command}.1")).into_iter();
    assert_eq!(names, expected.chain(["llmobs.1".to_owned()]).collect());
    for command in commands {
        let page = fs::read_to_string(pages.join(format!("llmobs-{command}.1"))).unwrap();
        let help = Command::new(LLMOBS).args([command, "--help"]).output().unwrap();
        let options = long_options(&text(&help.stdout));
        assert!(options.contains("--help"), "{command}: {options:?}");
        assert_eq!(long_options(&plain(&page)), options, "{command}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_reported() {
    let output = Command::new(LLMOBS).args(["man", "/dev/null/man1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.starts_with("llmobs: cannot write the manual pages into /dev/null/man1"), "{error}");
}
