//! The query string of a list. It contains the whole state of the page, so a link shows the same list.

use crate::traces::{Scope, Sort};

/// The state of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) view: View,
    /// The query, in Datadog's syntax.
    pub(crate) query: String,
    pub(crate) range: Range,
    pub(crate) sort: Sort,
    pub(crate) ascending: bool,
    /// From 0.
    pub(crate) page: u64,
    /// Additional columns, by the path of their attribute.
    pub(crate) columns: Vec<String>,
}

/// The type of the rows of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    #[default]
    Traces,
    Spans,
    /// Spans of the kind `llm`.
    Calls,
}

/// The time range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Range {
    #[default]
    All,
    /// The last seconds up to now.
    Last(i64),
    /// From and to, in milliseconds since the Unix epoch.
    Between(i64, i64),
}

/// The largest page number.
pub(crate) const LAST_PAGE: u64 = 1_000_000_000;

/// The ranges to choose from: the word in the URL, the label, seconds.
pub(crate) const LAST: [(&str, &str, i64); 6] = [
    ("15m", "Last 15 minutes", 15 * 60),
    ("1h", "Last hour", 3600),
    ("4h", "Last 4 hours", 4 * 3600),
    ("1d", "Last day", 86_400),
    ("7d", "Last 7 days", 7 * 86_400),
    ("30d", "Last 30 days", 30 * 86_400),
];

const VIEWS: [(&str, View); 3] = [("traces", View::Traces), ("spans", View::Spans), ("llm", View::Calls)];
const SORTS: [(&str, Sort); 6] = [
    ("start", Sort::Start),
    ("duration", Sort::Duration),
    ("name", Sort::Name),
    ("tokens", Sort::Tokens),
    ("spans", Sort::Spans),
    ("first_token", Sort::FirstToken),
];

impl View {
    pub(crate) fn scope(self) -> Scope {
        if self == Self::Traces { Scope::Traces } else { Scope::Spans }
    }
}

impl Range {
    /// From and to, in nanoseconds since the Unix epoch.
    pub(crate) fn nanos(self, now_ms: i64) -> (Option<i64>, Option<i64>) {
        let nanos = |millis: i64| Some(millis.saturating_mul(1_000_000));
        match self {
            Self::All => (None, None),
            Self::Last(seconds) => (nanos(now_ms.saturating_sub(seconds.saturating_mul(1000))), None),
            Self::Between(from, to) => (nanos(from), nanos(to)),
        }
    }
}

impl Address {
    /// Parses a query string. Invalid values are ignored.
    pub(crate) fn read(pairs: &str) -> Self {
        let mut address = Self::default();
        let (mut from, mut to) = (None, None);
        for (key, value) in form_urlencoded::parse(pairs.as_bytes()) {
            match &*key {
                "view" => address.view = named(&VIEWS, &value),
                "q" => value.trim().clone_into(&mut address.query),
                "last" => {
                    if let Some((_, _, seconds)) = LAST.iter().find(|(word, _, _)| *word == value) {
                        address.range = Range::Last(*seconds);
                    }
                }
                "from" => from = value.parse().ok(),
                "to" => to = value.parse().ok(),
                "sort" => address.sort = named(&SORTS, &value),
                "order" => address.ascending = value == "asc",
                "page" => address.page = value.parse::<u64>().unwrap_or(1).saturating_sub(1).min(LAST_PAGE),
                "column" => {
                    let path = value.trim().trim_start_matches('@');
                    let known = address.columns.iter().any(|column| column == path);
                    if !path.is_empty() && !known && address.columns.len() < 8 {
                        address.columns.push(path.to_owned());
                    }
                }
                _ => {}
            }
        }
        if let (Some(from), Some(to)) = (from, to) {
            address.range = Range::Between(from, to);
        }
        address
    }

    /// Returns the URL, without default values.
    pub(crate) fn url(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish();
        if query.is_empty() { "/traces".to_owned() } else { format!("/traces?{query}") }
    }

    /// Returns the first page of the same list with a change.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self { page: 0, ..self.clone() };
        change(&mut changed);
        changed
    }

    /// Returns the pairs of the query string.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if self.view != View::default() {
            pairs.push(("view", word(&VIEWS, self.view)));
        }
        if !self.query.is_empty() {
            pairs.push(("q", self.query.clone()));
        }
        match self.range {
            Range::All => {}
            Range::Last(seconds) => {
                pairs.extend(
                    LAST.iter().find(|last| last.2 == seconds).map(|last| ("last", last.0.to_owned())),
                );
            }
            Range::Between(from, to) => {
                pairs.extend([("from", from.to_string()), ("to", to.to_string())]);
            }
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", word(&SORTS, self.sort)));
        }
        if self.ascending {
            pairs.push(("order", "asc".to_owned()));
        }
        if self.page > 0 {
            pairs.push(("page", (self.page + 1).to_string()));
        }
        pairs.extend(self.columns.iter().map(|column| ("column", column.clone())));
        pairs
    }
}

fn named<T: Copy + Default>(words: &[(&str, T)], word: &str) -> T {
    words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value).unwrap_or_default()
}

fn word<T: Copy + PartialEq>(words: &[(&str, T)], value: T) -> String {
    words.iter().find(|(_, known)| *known == value).map(|(word, _)| (*word).to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_whole_state_of_a_list() {
        let full = Address {
            view: View::Calls,
            query: "@name:\"a b\" 100% & ü".to_owned(),
            range: Range::Between(1, 2),
            sort: Sort::Tokens,
            ascending: true,
            page: 3,
            columns: vec!["tag.user_id".to_owned(), "meta.metadata.temperature".to_owned()],
        };
        for address in [full.clone(), Address { range: Range::Last(3600), ..full }, Address::default()] {
            let url = address.url();
            assert_eq!(Address::read(url.split_once('?').map_or("", |(_, pairs)| pairs)), address, "{url}");
        }
        assert_eq!(Address::default().url(), "/traces");
    }

    #[test]
    fn invalid_values_are_ignored() {
        let read = Address::read(
            "view=x&last=9y&sort=;drop&order=up&page=-1&from=1&other=2&column=+@a+&column=&column=b&column=a",
        );
        assert_eq!(read, Address { columns: vec!["a".to_owned(), "b".to_owned()], ..Address::default() });
    }
}
