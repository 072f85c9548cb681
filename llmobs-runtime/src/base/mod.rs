//! The foundations of all other layers: kinds, ids, clocks, random numbers, secrets, and the error of `init`.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod id;
pub(crate) mod kind;
pub(crate) mod random;
pub(crate) mod secret;
