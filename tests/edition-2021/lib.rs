//! The tests are in `edition_2021.rs`.
