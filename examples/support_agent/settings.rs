//! The tool of the agent: looks up environment variables in the tables of the documentation.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::passages::{Passage, without_links};
use crate::words::Words;

/// The documentation of `llmobs::Config` has the table of all variables.
const REFERENCE: &str = "llmobs-runtime/src/config/mod.rs";
/// A question is about a setting if it has one of these words and the name of the setting.
const ABOUT_SETTINGS: &str = "configure default environment option set setting variable";

/// A row of a table that is about environment variables.
#[derive(Clone, Serialize)]
pub(crate) struct Setting {
    pub(crate) variables: Vec<String>,
    /// The location of the table.
    pub(crate) found_in: String,
    /// The row as `column: cell`, without empty cells.
    facts: Vec<String>,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.facts.join("; "))
    }
}

/// Returns the variables that a question is about: those that it names, or else those whose words it contains. Usually there are none.
pub(crate) fn variables_in(question: &str, settings: &[Setting]) -> Vec<String> {
    let named = variables(&question.to_ascii_uppercase());
    if !named.is_empty() {
        return named;
    }
    let words = Words::new();
    let question_words = words.set(question);
    if question_words.is_disjoint(&words.set(ABOUT_SETTINGS)) {
        return Vec::new();
    }
    let mut meant: Vec<String> = Vec::new();
    for variable in settings.iter().flat_map(|setting| &setting.variables) {
        let parts = variable.split('_').filter(|part| !["DD", "LLMOBS"].contains(part));
        let parts = words.set(&parts.collect::<Vec<_>>().join(" "));
        if !parts.is_empty() && parts.is_subset(&question_words) && !meant.contains(variable) {
            meant.push(variable.clone());
        }
    }
    meant
}

/// Finds the rows about some variables.
#[llmobs::tool(skip(settings))]
pub(crate) fn look_up_settings(variables: &[String], settings: &[Setting]) -> Vec<Setting> {
    let is_about = |setting: &&Setting| setting.variables.iter().any(|name| variables.contains(name));
    settings.iter().filter(is_about).cloned().collect()
}

/// All rows about environment variables, in the passages and in the documentation of `llmobs::Config`.
pub(crate) fn read_settings(root: &Path, passages: &[Passage]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for passage in passages {
        read_tables(&passage.title(), &passage.text, &mut settings);
    }
    // If the file cannot be read, the tables of the Markdown files are used alone.
    let reference = fs::read_to_string(root.join(REFERENCE)).unwrap_or_default();
    let documentation: Vec<&str> =
        reference.lines().filter_map(|line| line.trim_start().strip_prefix("///")).collect();
    read_tables(&format!("{REFERENCE}, Config"), &documentation.join("\n"), &mut settings);
    settings
}

fn read_tables(found_in: &str, markdown: &str, settings: &mut Vec<Setting>) {
    let mut columns: Vec<&str> = Vec::new();
    for line in markdown.lines() {
        let Some(row) = line.trim().strip_prefix('|') else {
            columns.clear();
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        if columns.is_empty() {
            columns = cells;
            continue;
        }
        let Some(about) = cells.iter().map(|cell| variables(cell)).find(|found| !found.is_empty()) else {
            continue;
        };
        let facts = columns.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
        settings.push(Setting {
            variables: about,
            found_in: found_in.to_owned(),
            facts: facts.map(|(column, cell)| format!("{column}: {}", without_links(cell))).collect(),
        });
    }
}

/// The names of environment variables in a text, such as `DD_SITE`.
fn variables(text: &str) -> Vec<String> {
    let names = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let is_variable = |name: &&str| {
        let name = name.strip_prefix('_').unwrap_or(name);
        let rest = name.strip_prefix("DD_").or(name.strip_prefix("LLMOBS_"));
        rest.is_some_and(|rest| !rest.is_empty())
    };
    names.filter(is_variable).map(str::to_owned).collect()
}
