//! This package has only tests and an example.
