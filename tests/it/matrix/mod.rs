//! Every body here is compiled twice from the same tokens, without the attribute and with it, and run four times: each of the
//! two with nothing that records, and inside a collector. What can be seen from outside has to be the same: the result, the
//! panic, the order in which values are dropped, and whether they see a panic under way.

#![allow(
    clippy::await_holding_lock,
    clippy::boxed_local,
    clippy::manual_async_fn,
    clippy::needless_pass_by_value,
    clippy::never_loop,
    clippy::toplevel_ref_arg,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    reason = "bodies are written to see when values are dropped"
)]

#[macro_use]
mod compare;

mod asynchronous;
mod auto_traits;
mod cancelled;
mod futures;
mod iterators;
mod methods;
mod panics;
mod patterns;
#[cfg(feature = "stream")]
mod streams;
mod sync;
mod wildcards;
