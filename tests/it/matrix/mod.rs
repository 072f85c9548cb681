//! Every body is compiled twice from the same tokens, without and with the attribute. Both are run without and with a
//! collector. The observable results must be the same: the returned value, the panic, the order in which values are dropped,
//! and whether the thread panics at that time.

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
