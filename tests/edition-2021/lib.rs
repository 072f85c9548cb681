//! The tests stand in `edition_2021.rs`.
