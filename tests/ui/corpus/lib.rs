//! What lints have to say something about.

#![warn(clippy::all, clippy::pedantic, unused, rust_2018_idioms)]
#![warn(let_underscore_lock, unit_bindings, unsafe_op_in_unsafe_fn)]

pub mod bodies;
pub mod lazy;
pub mod rustc;
pub mod signatures;
