//! The values that a span inherits from where it starts, shared by all spans that inherit the same.

use std::collections::HashSet;
use std::ptr;
use std::sync::{Arc, OnceLock};

use super::annotation::Annotation;
use crate::base::id::SpanId;

/// The values that a span inherits from the span or the context that it starts in.
#[derive(Clone, Default)]
pub(crate) struct Inherited {
    /// The application. `None` for that of the client.
    pub(crate) ml_app: Option<Arc<str>>,
    pub(crate) session_id: Option<Arc<str>>,
    /// The nearest agent above.
    pub(crate) agent: Option<Arc<AgentAttribution>>,
    /// The annotation contexts that the span is in.
    pub(crate) contexts: Option<Arc<Contexts>>,
}

impl Inherited {
    /// The values of a span that inherits nothing.
    pub(crate) const NONE: &'static Self =
        &Self { ml_app: None, session_id: None, agent: None, contexts: None };

    /// Returns about how many bytes of memory the values take, without the contexts, which outlive the spans inside.
    pub(crate) fn bytes(&self) -> usize {
        let texts = [&self.ml_app, &self.session_id].into_iter().flatten().map(|text| text.len());
        let agent = self.agent.as_ref().and_then(|agent| agent.name.as_ref()).map_or(0, String::len);
        size_of::<Self>() + texts.sum::<usize>() + agent
    }
}

/// The nearest agent above a span.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AgentAttribution {
    /// `None` if the agent runs in another program whose headers had no room for its name.
    pub(crate) name: Option<String>,
    pub(crate) span_id: SpanId,
}

/// Nested annotation contexts, seen from the innermost, which takes precedence.
pub(crate) struct Contexts {
    innermost: Arc<AnnotatedContext>,
    outer: Option<Arc<Self>>,
    depth: usize,
    /// The name that the innermost context with a name gives to spans.
    name: Option<Arc<str>>,
    /// The session that the innermost context with a session sets, and the depth of that context.
    session: Option<(Arc<str>, usize)>,
    cost_tags: Option<Arc<[ContextCostTag]>>,
    /// The merged annotations of all contexts, computed when they are first needed.
    merged: OnceLock<Annotation>,
}

/// The annotations of one context, for the spans that start in it.
pub(crate) struct AnnotatedContext {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) session_id: Option<Arc<str>>,
    /// The keys of tags by which costs are broken down.
    pub(crate) cost_tags: Vec<String>,
    /// All other annotations.
    pub(crate) annotation: Annotation,
}

/// A cost tag of an annotation context.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ContextCostTag {
    pub(crate) key: String,
    /// Whether that context, or one around it, sets the tag. Otherwise the span must have it from its start.
    pub(crate) is_set: bool,
}

impl Contexts {
    /// Creates a context inside others.
    pub(crate) fn inside(outer: Option<Arc<Self>>, innermost: Arc<AnnotatedContext>) -> Arc<Self> {
        let depth = outer.as_ref().map_or(0, |outer| outer.depth + 1);
        let name = innermost.name.clone().or_else(|| outer.as_ref()?.name.clone());
        let session = innermost.session_id.clone().map(|session_id| (session_id, depth));
        let session = session.or_else(|| outer.as_ref()?.session.clone());
        let cost_tags = cost_tags(outer.as_deref(), &innermost);
        Arc::new(Self { innermost, outer, depth, name, session, cost_tags, merged: OnceLock::new() })
    }

    /// Merges two sets, with each context once. The inner ones take precedence.
    pub(crate) fn union(outer: Option<&Arc<Self>>, inner: Option<&Arc<Self>>) -> Option<Arc<Self>> {
        let (Some(outer), Some(inner)) = (outer, inner) else { return outer.or(inner).cloned() };
        if inner.holds(outer) {
            return Some(Arc::clone(inner));
        }
        let known = outer.known();
        let mut further: Vec<_> =
            inner.each().filter(|context| !known.contains(&Arc::as_ptr(context))).collect();
        further.reverse();
        let union = further
            .into_iter()
            .cloned()
            .fold(Arc::clone(outer), |outer, context| Self::inside(Some(outer), context));
        Some(union)
    }

    /// Returns whether all contexts of `other` are among these.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        if self.begins_with(other) {
            return true;
        }
        let known = self.known();
        other.each().all(|context| known.contains(&Arc::as_ptr(context)))
    }

    /// Returns whether `other`, with all contexts outside of it, is the outer part of these.
    fn begins_with(&self, other: &Self) -> bool {
        self.innermost_first()
            .find(|contexts| contexts.depth <= other.depth)
            .is_some_and(|outer| ptr::eq(outer, other))
    }

    fn innermost_first(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |contexts| contexts.outer.as_deref())
    }

    /// Returns each context, from the innermost.
    fn each(&self) -> impl Iterator<Item = &Arc<AnnotatedContext>> {
        self.innermost_first().map(|contexts| &contexts.innermost)
    }

    fn known(&self) -> HashSet<*const AnnotatedContext> {
        self.each().map(Arc::as_ptr).collect()
    }

    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    /// Returns the cost tags of all contexts, from the outermost.
    pub(crate) fn cost_tags(&self) -> Option<&[ContextCostTag]> {
        self.cost_tags.as_deref()
    }

    /// Returns the session that these contexts set, except for the contexts that the span above is in too: it has a session from them, or
    /// one of its own.
    pub(crate) fn session_id(&self, above: Option<&Self>) -> Option<Arc<str>> {
        match above {
            None => self.session.as_ref().map(|(session_id, _)| Arc::clone(session_id)),
            Some(above) if self.begins_with(above) => {
                let (session_id, depth) = self.session.as_ref()?;
                (*depth > above.depth).then(|| Arc::clone(session_id))
            }
            Some(above) => {
                let known = above.known();
                let mut new = self.each().filter(|context| !known.contains(&Arc::as_ptr(context)));
                new.find_map(|context| context.session_id.clone())
            }
        }
    }

    /// Returns the merged annotations of all contexts.
    pub(crate) fn merged(&self) -> &Annotation {
        self.merged.get_or_init(|| {
            let mut inner = Vec::new();
            let mut merged = None;
            for contexts in self.innermost_first() {
                merged = contexts.merged.get().cloned();
                if merged.is_some() {
                    break;
                }
                inner.push(&contexts.innermost.annotation);
            }
            inner
                .into_iter()
                .rev()
                .cloned()
                .fold(merged, |merged, inner| match merged {
                    Some(mut merged) => {
                        Annotation::add(&mut merged, inner);
                        Some(merged)
                    }
                    None => Some(inner),
                })
                .unwrap_or_else(|| Annotation::new(0))
        })
    }
}

/// The cost tags of a context and of those around it.
fn cost_tags(outer: Option<&Contexts>, own: &AnnotatedContext) -> Option<Arc<[ContextCostTag]>> {
    let around = outer.and_then(|outer| outer.cost_tags.as_ref());
    if own.cost_tags.is_empty() {
        return around.cloned();
    }
    let mut cost_tags = around.map(|around| around.to_vec()).unwrap_or_default();
    for key in &own.cost_tags {
        let is_set = own.annotation.tags.contains_key(key)
            || outer.is_some_and(|outer| outer.merged().tags.contains_key(key));
        let cost_tag = ContextCostTag { key: key.clone(), is_set };
        if !cost_tags.contains(&cost_tag) {
            cost_tags.push(cost_tag);
        }
    }
    Some(cost_tags.into())
}

/// Iterative, because contexts can be nested more deeply than the stack of a thread.
impl Drop for Contexts {
    fn drop(&mut self) {
        let mut outer = self.outer.take();
        while let Some(mut contexts) = outer.and_then(Arc::into_inner) {
            outer = contexts.outer.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(tag: &str) -> Arc<AnnotatedContext> {
        let mut annotation = Annotation::new(100);
        annotation.tag(tag, "").tag("last", tag);
        let session_id = tag.starts_with('s').then(|| tag.into());
        Arc::new(AnnotatedContext { name: None, session_id, cost_tags: Vec::new(), annotation })
    }

    fn nested(contexts: &[&Arc<AnnotatedContext>]) -> Option<Arc<Contexts>> {
        contexts.iter().fold(None, |outer, context| Some(Contexts::inside(outer, Arc::clone(context))))
    }

    fn tags(contexts: Option<&Arc<Contexts>>) -> String {
        let annotation = contexts.unwrap().merged();
        annotation.tags.iter().flat_map(|(key, value)| [key.as_str(), value, " "]).collect()
    }

    #[test]
    fn a_union_has_each_context_once_and_inner_ones_win() {
        let [a, b, c] = ["a", "b", "c"].map(context);
        for (outer, inner, expected) in [
            (&[&a, &b][..], &[&a, &b, &c][..], "a b c lastc "),
            (&[&a], &[&b, &a], "a b lasta "),
            (&[&a, &b], &[&c, &a], "a b c lastc "),
            (&[&a, &b], &[&a], "a b lastb "),
            (&[], &[&a], "a lasta "),
            (&[&a], &[], "a lasta "),
        ] {
            let union = Contexts::union(nested(outer).as_ref(), nested(inner).as_ref());
            assert_eq!(tags(union.as_ref()), expected);
        }
    }

    #[test]
    fn the_innermost_context_that_is_new_sets_the_session() {
        let [one, two, a] = ["s1", "s2", "a"].map(context);
        let session =
            |contexts: &[&_], above: &[&_]| nested(contexts).unwrap().session_id(nested(above).as_deref());
        assert_eq!(session(&[&one, &two, &a], &[]).as_deref(), Some("s2"));
        assert_eq!(session(&[&one, &two, &a], &[&one]).as_deref(), Some("s2"));
        assert_eq!(session(&[&one, &two, &a], &[&one, &two]), None);
        assert_eq!(session(&[&two, &one], &[&one]).as_deref(), Some("s2"));
        let shared = nested(&[&one]);
        let inner = Contexts::inside(shared.clone(), Arc::clone(&a));
        assert_eq!(inner.session_id(shared.as_deref()), None);
    }

    #[test]
    fn contexts_nested_deeper_than_the_stack_are_merged_and_dropped() {
        let context = context("a");
        let mut contexts = None;
        for _ in 0..200_000 {
            contexts = Some(Contexts::inside(contexts, Arc::clone(&context)));
        }
        assert_eq!(tags(contexts.as_ref()), "a lasta ");
    }
}
