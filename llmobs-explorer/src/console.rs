//! Lines on standard error. Standard output belongs to the program that runs.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints a line, with the name of the command in front.
pub(crate) fn print_line(line: impl Display) {
    // The terminal may be closed.
    drop(writeln!(io::stderr(), "llmobs: {line}"));
}
