//! The tags of an event, sorted by the whole text `key:value`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use llmobs_capture::text::cut;

use super::json;
use crate::model::tags::Identity;

/// The tags of a span.
#[derive(Clone, Copy)]
pub(crate) enum Tags<'a> {
    /// All tags except for `error` and `error_type`.
    All(&'a BTreeMap<String, String>),
    /// The tags of the client, overridden by those of the span. The session of the event is one of them.
    Client {
        /// The application of the span, if it differs from that of the client.
        ml_app: Option<&'a str>,
        /// Whether an attribute made the span.
        attribute: bool,
        /// The version of an agent.
        agent_version: Option<&'a str>,
        /// The tags that the program set. They override all others.
        own: &'a BTreeMap<String, String>,
    },
}

/// The keys of the tags that every event has.
const ESSENTIAL: [&str; 8] =
    ["agent_service", "ddtrace.version", "env", "language", "ml_app", "service", "source", "version"];

/// The tags of a client, rendered once.
pub(super) struct ClientTags {
    ml_app: String,
    /// By whether an attribute made the span, then by whether the span failed.
    rendered: [[Rendered; 2]; 2],
}

/// The tags of spans without annotated tags.
struct Rendered {
    /// The tags, sorted as texts.
    tags: Vec<RenderedTag>,
    /// The keys, sorted, with the indexes of their tags.
    places: Vec<(String, usize)>,
    /// All tags as JSON, with commas in between.
    json: String,
}

struct RenderedTag {
    key: String,
    value: String,
    /// Where the tag is in the text of all tags.
    range: Range<usize>,
}

impl ClientTags {
    pub(super) fn new(identity: &Identity, ml_app: &str) -> Self {
        let tags = identity.constant(ml_app);
        let rendered = [false, true].map(|attribute| {
            [false, true].map(|failed| {
                let mut tags = tags.clone();
                tags.extend(attribute.then(|| ("decorator".to_owned(), "1".to_owned())));
                tags.insert("error".to_owned(), error(failed).to_owned());
                Rendered::new(tags)
            })
        });
        Self { ml_app: ml_app.to_owned(), rendered }
    }

    /// Returns whether llmobs itself sets tags with this key.
    pub(super) fn has(&self, key: &str) -> bool {
        let [_, [rendered, _]] = &self.rendered;
        ["session_id", "agent_version"].contains(&key) || rendered.get(key).is_some()
    }

    /// Returns the tags by which Datadog finds and sorts spans, each cut at about `max` bytes.
    pub(super) fn essential(&self, tags: Tags<'_>, max: usize) -> BTreeMap<String, String> {
        let [[rendered, _], _] = &self.rendered;
        let value = |key| {
            let (Tags::All(own) | Tags::Client { own, .. }) = tags;
            let app = match tags {
                Tags::Client { ml_app, .. } if ["ml_app", "agent_service"].contains(&key) => ml_app,
                _ => None,
            };
            own.get(key).map(String::as_str).or(app).or_else(|| rendered.get(key))
        };
        let tags = ESSENTIAL.into_iter().filter_map(|key| Some((key.to_owned(), cut(value(key)?, max))));
        tags.collect()
    }

    /// Appends the tags, with commas in between. `error_type` is that of a span that failed.
    pub(super) fn push(
        &self,
        tags: Tags<'_>,
        session_id: Option<&str>,
        error_type: Option<&str>,
        out: &mut String,
    ) {
        let failed = error_type.is_some();
        let overridden_by_error = |key: &str| key == "error" || (failed && key == "error_type");
        let all_but_error = |tags: &mut Vec<_>, own| {
            let own: &BTreeMap<String, String> = own;
            let own = own.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            tags.extend(own.filter(|(key, _)| !overridden_by_error(key)));
        };
        let mut merged: Vec<(&str, &str)> = Vec::new();
        match tags {
            Tags::All(tags) => {
                merged.reserve(tags.len() + 2);
                all_but_error(&mut merged, tags);
                merged.push(("error", error(failed)));
                merged.extend(error_type.map(|kind| ("error_type", kind)));
                merged.sort_unstable_by(|a, b| compare(*a, *b));
                for tag in merged {
                    push_next(tag, out);
                }
            }
            Tags::Client { ml_app, attribute, agent_version, own } => {
                let [other, by_attribute] = &self.rendered;
                let [fine, broken] = if attribute { by_attribute } else { other };
                let rendered = if failed { broken } else { fine };
                all_but_error(&mut merged, own);
                let own_app = ml_app.filter(|ml_app| *ml_app != self.ml_app);
                for (key, value) in [
                    ("ml_app", own_app),
                    ("agent_service", own_app),
                    ("session_id", session_id),
                    ("agent_version", agent_version),
                ] {
                    if let Some(value) = value
                        && !own.contains_key(key)
                    {
                        merged.push((key, value));
                    }
                }
                merged.extend(error_type.map(|kind| ("error_type", kind)));
                if merged.is_empty() {
                    out.push_str(&rendered.json);
                } else {
                    merged.sort_unstable_by(|a, b| compare(*a, *b));
                    rendered.push_with(&merged, out);
                }
            }
        }
    }
}

impl Rendered {
    fn new(tags: BTreeMap<String, String>) -> Self {
        let mut tags: Vec<_> = tags.into_iter().collect();
        tags.sort_unstable_by(|a, b| compare((&a.0, &a.1), (&b.0, &b.1)));
        let places = tags.iter().enumerate().map(|(place, (key, _))| (key.clone(), place));
        let mut places: Vec<_> = places.collect();
        places.sort_unstable();
        let mut json = String::new();
        let rendered = tags.into_iter().map(|(key, value)| {
            if !json.is_empty() {
                json.push(',');
            }
            let start = json.len();
            push_tag(&key, &value, &mut json);
            RenderedTag { key, value, range: start..json.len() }
        });
        Self { tags: rendered.collect(), places, json }
    }

    fn place(&self, key: &str) -> Option<usize> {
        let found = self.places.binary_search_by_key(&key, |(key, _)| key).ok()?;
        self.places.get(found).map(|(_, place)| *place)
    }

    /// The value of a tag.
    fn get(&self, key: &str) -> Option<&str> {
        self.tags.get(self.place(key)?).map(|tag| tag.value.as_str())
    }

    /// Appends these tags and sorted `others`, which override those of the same key.
    fn push_with(&self, others: &[(&str, &str)], out: &mut String) {
        let mut overridden: Vec<_> = others.iter().filter_map(|(key, _)| self.place(key)).collect();
        overridden.sort_unstable();
        let mut rest = self.tags.as_slice();
        for other in others {
            let before = rest.partition_point(|tag| compare((&tag.key, &tag.value), *other).is_lt());
            let (run, after) = rest.split_at_checked(before).unwrap_or_default();
            self.push_run(run, self.tags.len() - rest.len(), &overridden, out);
            push_next(*other, out);
            rest = after;
        }
        self.push_run(rest, self.tags.len() - rest.len(), &overridden, out);
    }

    /// Appends the tags of a run that begins at `start`, except for those that are overridden.
    fn push_run(&self, run: &[RenderedTag], start: usize, overridden: &[usize], out: &mut String) {
        let mut rest = run;
        let mut at = start;
        for &place in overridden {
            let before = place.checked_sub(at);
            let parts = before.and_then(|before| rest.split_at_checked(before));
            if let Some((kept, [_, after @ ..])) = parts {
                self.push_whole(kept, out);
                rest = after;
                at = place + 1;
            }
        }
        self.push_whole(rest, out);
    }

    fn push_whole(&self, run: &[RenderedTag], out: &mut String) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            json::push_comma(out);
            out.push_str(self.json.get(first.range.start..last.range.end).unwrap_or_default());
        }
    }
}

fn error(failed: bool) -> &'static str {
    if failed { "1" } else { "0" }
}

/// Appends one more of several tags.
fn push_next((key, value): (&str, &str), out: &mut String) {
    json::push_comma(out);
    push_tag(key, value, out);
}

fn push_tag(key: &str, value: &str, out: &mut String) {
    out.push('"');
    json::push_escaped(key, out);
    out.push(':');
    json::push_escaped(value, out);
    out.push('"');
}

/// Compares two tags as the texts `key:value`.
fn compare(a: (&str, &str), b: (&str, &str)) -> Ordering {
    let shorter = a.0.len().min(b.0.len());
    let [starts_a, starts_b] = [a.0, b.0].map(|key| key.as_bytes().get(..shorter));
    starts_a.cmp(&starts_b).then_with(|| {
        let [a, b] = [a, b].map(|(key, value)| {
            let key = key.bytes().skip(shorter);
            key.chain([b':']).chain(value.bytes())
        });
        a.cmp(b)
    })
}
