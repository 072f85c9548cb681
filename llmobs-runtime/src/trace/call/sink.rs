//! The destination of captured values.

/// The destination of the JSON text of one value.
#[derive(Debug)]
pub struct Sink<'a> {
    out: Option<&'a mut String>,
    limit: usize,
    /// Set to true if the text is not the value itself but describes it.
    about: Option<&'a mut bool>,
}

impl<'a> Sink<'a> {
    /// Appends to `out` at most about `limit` bytes, or drops the value.
    #[inline]
    pub(crate) fn new(out: Option<&'a mut String>, limit: usize) -> Self {
        Self { out, limit, about: None }
    }

    /// Like [`new`](Self::new), and sets `about` for a text that describes the value.
    pub(crate) fn with_about(out: &'a mut String, limit: usize, about: &'a mut bool) -> Self {
        Self { out: Some(out), limit, about: Some(about) }
    }

    /// Calls `write` with the text and the budget, unless the value is not wanted.
    #[inline]
    pub(crate) fn put(self, write: impl FnOnce(&mut String, usize)) {
        if let Some(out) = self.out {
            write(out, self.limit);
        }
    }

    /// Like [`put`](Self::put), for a text that describes the value, such as its `Debug`.
    pub(crate) fn put_about(mut self, write: impl FnOnce(&mut String, usize)) {
        if let Some(about) = self.about.take() {
            *about = true;
        }
        self.put(write);
    }
}
