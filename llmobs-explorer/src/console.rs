//! Lines on standard error, since standard output belongs to the program that is run.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints a line that begins with the name of the command.
pub(crate) fn print_line(line: impl Display) {
    // The terminal may be closed.
    drop(writeln!(io::stderr(), "llmobs: {line}"));
}
