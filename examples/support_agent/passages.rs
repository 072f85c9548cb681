//! The Markdown files of a project, split into passages that are small enough to be cited.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Error;

/// Folders whose Markdown is not written for readers of the project.
const NOT_DOCUMENTATION: [&str; 3] = ["node_modules", "target", "tests"];
/// The maximum size of a passage in bytes, to which paragraphs of a section are combined.
const PASSAGE_BYTES: usize = 1200;
/// A long table is split after this many rows. Each part has the names of the columns.
const TABLE_ROWS: usize = 8;

/// A part of one section of one file.
pub(crate) struct Passage {
    pub(crate) file: String,
    /// The headings above it, such as `Configuration > Tags`.
    pub(crate) heading: String,
    pub(crate) text: String,
}

impl Passage {
    /// The title under which a source is cited.
    pub(crate) fn title(&self) -> String {
        if self.heading.is_empty() { self.file.clone() } else { format!("{}, {}", self.file, self.heading) }
    }
}

/// Reads the Markdown files below a folder and splits them into passages, in the order of the files' names.
#[llmobs::task]
pub(crate) fn read_passages(root: &Path) -> Result<Vec<Passage>, Error> {
    let mut files = Vec::new();
    find_markdown(root, &mut files).map_err(|error| Error::Read(root.to_owned(), error))?;
    files.sort();
    let mut passages = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|error| Error::Read(path.clone(), error))?;
        let file = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        split(&file, &text, &mut passages);
    }
    if passages.is_empty() {
        return Err(Error::NoDocuments(root.to_owned()));
    }
    // Otherwise the output would be all passages. Their number is more useful to a reader of the trace; the relevant texts are on the
    // retrieval span.
    llmobs::annotate(|note| {
        let mut per_file: BTreeMap<&str, usize> = BTreeMap::new();
        for passage in &passages {
            *per_file.entry(&passage.file).or_default() += 1;
        }
        note.output(per_file).metric("passages", passages.len());
    });
    Ok(passages)
}

fn find_markdown(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && !NOT_DOCUMENTATION.contains(&&*name) {
            find_markdown(&entry.path(), found)?;
        } else if kind.is_file() && name.ends_with(".md") {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn split(file: &str, markdown: &str, passages: &mut Vec<Passage>) {
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut text = String::new();
    for block in blocks(markdown) {
        match block {
            Block::Heading(level, title) => {
                push_passage(file, &headings, &mut text, passages);
                headings.retain(|(above, _)| *above < level);
                headings.push((level, title));
            }
            Block::Text(block) => {
                if text.len() + block.len() > PASSAGE_BYTES {
                    push_passage(file, &headings, &mut text, passages);
                }
                text.push_str(&block);
                text.push('\n');
            }
        }
    }
    push_passage(file, &headings, &mut text, passages);
}

fn push_passage(file: &str, headings: &[(usize, String)], text: &mut String, passages: &mut Vec<Passage>) {
    let text = std::mem::take(text);
    // The title of the whole file is uninformative, unless there is no other heading.
    let inner = headings.iter().filter(|(level, _)| *level > 1 || headings.len() == 1);
    let heading: Vec<&str> = inner.map(|(_, title)| title.as_str()).collect();
    if !text.trim().is_empty() {
        passages.push(Passage {
            file: file.to_owned(),
            heading: heading.join(" > "),
            text: text.trim_end().to_owned(),
        });
    }
}

enum Block {
    Heading(usize, String),
    /// A paragraph, a list, a block of code, or the rows of a table that are kept together.
    Text(String),
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        let heading = heading(line).filter(|_| !in_code);
        if heading.is_some() || (line.trim().is_empty() && !in_code) {
            push_text(&std::mem::take(&mut text), &mut blocks);
            blocks.extend(heading);
        } else {
            in_code ^= line.trim_start().starts_with("```");
            text.push_str(line);
            text.push('\n');
        }
    }
    push_text(&text, &mut blocks);
    blocks
}

fn heading(line: &str) -> Option<Block> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let is_heading = (1..=6).contains(&level) && title.starts_with(' ');
    is_heading.then(|| Block::Heading(level, title.trim().trim_end_matches('#').trim().to_owned()))
}

fn push_text(text: &str, blocks: &mut Vec<Block>) {
    let lines: Vec<&str> = text.lines().collect();
    match lines.as_slice() {
        // Badges, comments and ASCII art have no words.
        [] | ["```text", ..] => {}
        [first, ..] if first.starts_with("[![") || first.starts_with("<!--") => {}
        [columns, rule, rows @ ..] if columns.starts_with('|') => {
            blocks.extend(rows.chunks(TABLE_ROWS).map(|rows| {
                let rows = rows.join("\n");
                Block::Text(format!("{columns}\n{rule}\n{rows}\n"))
            }));
        }
        _ => blocks.push(Block::Text(text.to_owned())),
    }
}

/// Returns Markdown in which links are replaced by their texts.
pub(crate) fn without_links(markdown: &str) -> String {
    let mut parts = markdown.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let (Some((before, label)), Some((_, after))) = (text.rsplit_once('['), part.split_once(')')) {
            text = format!("{before}{label}{after}");
        }
    }
    text
}
