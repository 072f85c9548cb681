//! Finished spans on their way out of the process: queue, worker, encoding, transports.

pub(crate) mod chunk;
pub(crate) mod custom;
pub(crate) mod encode;
pub(crate) mod notice;
pub(crate) mod pace;
pub(crate) mod parcel;
pub(crate) mod process;
pub(crate) mod queue;
pub(crate) mod report;
pub(crate) mod sender;
pub(crate) mod settings;
pub(crate) mod transport;
pub(crate) mod tree;
pub(crate) mod worker;
