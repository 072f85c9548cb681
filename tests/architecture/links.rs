//! Links to pages of the guide: rustdoc checks neither addresses on docs.rs nor the headings in links.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::{published, sources, workspace};

/// The pages in `docs`, by name, each with the anchors of its headings.
fn pages() -> BTreeMap<String, Vec<String>> {
    let files = fs::read_dir(workspace().join("docs")).unwrap().map(|file| file.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, headings(&fs::read_to_string(path).unwrap()).map(|heading| anchor(&heading)).collect())
        })
        .collect()
}

/// The headings of a page, without lines of code that look like headings.
fn headings(page: &str) -> impl Iterator<Item = String> {
    let prose = page.split("```").step_by(2);
    let lines = prose.flat_map(str::lines).filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim().to_owned())
}

/// The anchor that rustdoc gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The page, and the heading if there is one, of each link to the guide: `…/guide/spans/index.html#times` or `guide::spans#times`.
fn links(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let starts = ["llmobs/guide/", "guide::"].into_iter().flat_map(|form| text.split(form).skip(1));
    starts.filter_map(|rest| {
        let (page, rest) = word(rest, "_")?;
        let rest = rest.strip_prefix("/index.html").unwrap_or(rest);
        let heading = rest.strip_prefix('#').and_then(|rest| Some(word(rest, "-_")?.0));
        Some((page, heading))
    })
}

/// Splits a text after its leading letters, digits and `others`. Returns `None` if there are none.
fn word<'a>(text: &'a str, others: &str) -> Option<(&'a str, &'a str)> {
    let end = text.find(|char: char| !char.is_ascii_alphanumeric() && !others.contains(char));
    Some(text.split_at(end.unwrap_or(text.len()))).filter(|(word, _)| !word.is_empty())
}

#[test]
fn each_page_is_in_the_guide() {
    let source = fs::read_to_string(workspace().join("src/lib.rs")).unwrap();
    let guide = source.split_once("pub mod guide {").unwrap().1;
    let mut modules: Vec<&str> =
        guide.split("pub mod ").skip(1).filter_map(|rest| Some(word(rest, "_")?.0)).collect();
    modules.sort_unstable();
    assert_eq!(modules, pages().into_keys().collect::<Vec<_>>());
}

#[test]
fn links_to_the_guide_have_an_existing_page_and_heading() {
    let pages = pages();
    let mut files: Vec<PathBuf> =
        pages.keys().map(|name| workspace().join(format!("docs/{name}.md"))).collect();
    files.push(workspace().join("README.md"));
    files.extend(published().iter().flat_map(|(_, folder)| sources(&folder.join("src"))));
    let mut count = 0;
    let mut broken = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (page, heading) in links(&text) {
            count += 1;
            let headings = pages.get(page);
            let exists = match (headings, heading) {
                (Some(headings), Some(heading)) => headings.iter().any(|anchor| anchor == heading),
                (headings, _) => headings.is_some(),
            };
            if !exists {
                broken.push(format!("{}: {page} {heading:?}", file.display()));
            }
        }
    }
    assert!(count > 100, "only {count} links were found");
    assert!(broken.is_empty(), "{broken:#?}");
}
