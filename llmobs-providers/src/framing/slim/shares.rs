//! How much of the budget each kind of position has taken.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The most names inside one position that have their own shares. Further names do not belong to a protocol, but are keys of a program.
const MAX_NAMES: usize = 64;
/// The most shares.
const MAX_SHARES: usize = 1024;

/// A kind of position: all lists and objects that are nested in the same names. The default is that of the whole text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share(usize);

#[derive(Debug)]
pub(super) struct Shares {
    list: Vec<Taken>,
    /// By the path.
    known: HashMap<u64, Share>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    path: u64,
    bytes: usize,
    names: usize,
}

impl Default for Shares {
    fn default() -> Self {
        Self { list: vec![Taken::default()], known: HashMap::new() }
    }
}

impl Shares {
    /// Returns the share of a list or an object inside another one, with its name, or without one as an item.
    pub(super) fn inside(&mut self, around: Share, name: Option<&[u8]>) -> Share {
        let Some(taken) = self.list.get(around.0).copied() else { return around };
        let path = |name: Option<&[u8]>| {
            let mut hasher = DefaultHasher::new();
            (taken.path, name).hash(&mut hasher);
            hasher.finish()
        };
        let (mut own, other) = (path(name), path(Some(b"")));
        if !self.known.contains_key(&own) && taken.names >= MAX_NAMES {
            own = other;
        }
        if let Some(share) = self.known.get(&own) {
            return *share;
        }
        if self.list.len() >= MAX_SHARES {
            return around;
        }
        if let Some(taken) = self.list.get_mut(around.0) {
            taken.names += 1;
        }
        let share = Share(self.list.len());
        self.list.push(Taken { path: own, ..Taken::default() });
        self.known.insert(own, share);
        share
    }

    /// Returns how many bytes are left of a share, if `room` are left for all. It is half of those, so that later parts also get some.
    pub(super) fn left(&self, share: Share, room: usize) -> usize {
        let taken = self.list.get(share.0).map_or(0, |taken| taken.bytes);
        (room / 2).saturating_sub(taken)
    }

    pub(super) fn take(&mut self, share: Share, bytes: usize) {
        if let Some(taken) = self.list.get_mut(share.0) {
            taken.bytes += bytes;
        }
    }
}
