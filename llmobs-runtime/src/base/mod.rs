//! What every other layer uses: kinds, ids, time, random numbers, secrets, and why `init` failed.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod id;
pub(crate) mod kind;
pub(crate) mod random;
pub(crate) mod secret;
