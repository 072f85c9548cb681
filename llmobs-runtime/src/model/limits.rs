//! The most tags, facts, metrics and links of a span. Further ones are left out, so that a span that stays open cannot grow without bound.

use std::collections::BTreeMap;

use llmobs_capture::warn_limited;

/// The most tags of a span, and the most cost tags.
pub(crate) const MAX_TAGS: usize = 256;
/// The most keys in the metadata of a span.
pub(crate) const MAX_METADATA: usize = 1000;
/// The most metrics of a span.
pub(crate) const MAX_METRICS: usize = 1000;
/// The most links of a span.
pub(crate) const MAX_LINKS: usize = 1000;

/// How many values were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) tags: usize,
    pub(crate) metadata: usize,
    pub(crate) metrics: usize,
    pub(crate) links: usize,
    /// Whether content of the span was left out for lack of room.
    pub(crate) content: bool,
}

impl LeftOut {
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.tags = self.tags.saturating_add(other.tags);
        self.metadata = self.metadata.saturating_add(other.metadata);
        self.metrics = self.metrics.saturating_add(other.metrics);
        self.links = self.links.saturating_add(other.links);
        self.content |= other.content;
    }

    /// Logs which annotations were left out. Only for the worker: on another thread, the locks of a span may be held.
    pub(crate) fn warn(self) {
        let Self { tags, metadata, metrics, links, .. } = self;
        if !self.is_nothing() {
            warn_limited!(
                "a span can have {MAX_TAGS} tags, {MAX_METADATA} metadata keys, {MAX_METRICS} metrics and {MAX_LINKS} links: of one, \
                 {tags} tag(s), {metadata} metadata key(s), {metrics} metric(s) and {links} link(s) more were left out"
            );
        }
    }
}

/// Returns whether a value can be set: there are fewer than `max`, or it overrides another.
#[inline]
pub(crate) fn has_room<V>(values: &BTreeMap<String, V>, max: usize, key: &str) -> bool {
    values.len() < max || is_known(values, key)
}

#[cold]
#[inline(never)]
fn is_known<V>(values: &BTreeMap<String, V>, key: &str) -> bool {
    values.contains_key(key)
}

/// Sets the values of a later map, up to `max` values in total, and returns how many were left out.
pub(crate) fn set_all<V>(values: &mut BTreeMap<String, V>, max: usize, later: BTreeMap<String, V>) -> usize {
    if values.is_empty() {
        *values = later;
        0
    } else if values.len() + later.len() <= max {
        values.extend(later);
        0
    } else {
        let mut left_out = 0;
        for (key, value) in later {
            if has_room(values, max, &key) {
                values.insert(key, value);
            } else {
                left_out += 1;
            }
        }
        left_out
    }
}

/// Removes the values of a weaker map that do not fit next to the values that override them, and returns how many.
pub(crate) fn make_room<V>(weaker: &mut BTreeMap<String, V>, max: usize, own: &BTreeMap<String, V>) -> usize {
    if weaker.len() + own.len() <= max {
        return 0;
    }
    let mut room = max.saturating_sub(own.len());
    let before = weaker.len();
    weaker.retain(|key, _| {
        let is_new = !own.contains_key(key);
        let keeps = !is_new || room > 0;
        room -= usize::from(is_new && keeps);
        keeps
    });
    before - weaker.len()
}
