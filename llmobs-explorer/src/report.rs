//! Errors as text.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// Shows an error and its causes in one line.
pub(crate) struct Report<'a>(pub(crate) &'a dyn Error);

impl Display for Report<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
