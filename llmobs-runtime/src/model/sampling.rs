//! Sampling: which traces Datadog keeps. The decision is made here and recorded on each span; only Datadog applies it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The factor of the Knuth hash that Datadog's tracers share, so that all of them choose the same traces.
const KNUTH: u64 = 1_111_111_111_111_111_111;

/// The most of an unknown key that a warning shows, in characters.
const MAX_SHOWN: usize = 40;

/// A rule that keeps a share of the traces whose first span has certain tags.
///
/// ```no_run
/// # use llmobs_runtime as llmobs;
/// let rule = llmobs::SamplingRule::new(0.1).tag("env", "staging*");
/// let _llmobs = llmobs::Config::from_env().sampling_rule(rule).init();
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a rule does nothing until it is given to `Config::sampling_rule`"]
pub struct SamplingRule {
    rate: f64,
    /// Patterns by tag.
    tags: BTreeMap<String, Glob>,
}

/// A case-insensitive pattern with `*` and `?`, in the folded case in which texts are compared with it.
#[derive(Clone, PartialEq)]
struct Glob(Vec<char>);

impl SamplingRule {
    /// Creates a rule that keeps a share of the traces between 0.0 (none) and 1.0 (all). The rate is clamped to that range; NaN becomes
    /// 1.0.
    pub fn new(rate: f64) -> Self {
        Self { rate: if rate.is_nan() { 1.0 } else { rate.clamp(0.0, 1.0) }, tags: BTreeMap::new() }
    }

    /// Restricts the rule to traces whose first span has a tag that matches a case-insensitive pattern: `*` matches any text, `?` any one
    /// character. A rule can have several tags, all of which have to match.
    pub fn tag(mut self, key: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.tags.insert(key.into(), Glob::new(&pattern.into()));
        self
    }

    /// Reads a rule in the form of `DD_LLMOBS_SAMPLING_RULES`: `{"sample_rate": 0.5, "tags": {"env": "prod*"}}`. An error completes a
    /// sentence about the rule.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let problem = || "should have a sample_rate between 0 and 1, and tags that are texts".to_owned();
        let fields = value.as_object().ok_or_else(problem)?;
        // A rule with conditions that are unknown here must not apply to all traces.
        if let Some(key) = fields.keys().find(|key| !["sample_rate", "tags"].contains(&key.as_str())) {
            let key: String = key.chars().take(MAX_SHOWN).collect();
            return Err(format!("has the key {key:?}, and llmobs supports only sample_rate and tags"));
        }
        let rate = fields.get("sample_rate").and_then(Value::as_f64);
        let mut rule = Self::new(rate.filter(|rate| (0.0..=1.0).contains(rate)).ok_or_else(problem)?);
        match fields.get("tags") {
            None | Some(Value::Null) => {}
            Some(Value::Object(tags)) => {
                for (key, pattern) in tags {
                    rule = rule.tag(key, pattern.as_str().ok_or_else(problem)?);
                }
            }
            Some(_) => return Err(problem()),
        }
        Ok(rule)
    }

    fn matches(&self, tags: &BTreeMap<String, String>) -> bool {
        self.tags.iter().all(|(key, pattern)| tags.get(key).is_some_and(|text| pattern.matches(text)))
    }
}

/// Chooses traces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sampler {
    pub(crate) rate: f64,
    /// The first matching rule applies; without one, the rate does.
    pub(crate) rules: Vec<SamplingRule>,
}

/// Whether a trace is kept, and the rate of that decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decision {
    /// Between 0 and 1.
    pub(crate) rate: f64,
    pub(crate) kept: bool,
}

impl Decision {
    /// The rate with at most six decimals, without zeros at the end.
    pub(crate) fn shown_rate(self) -> String {
        shown(self.rate)
    }

    /// Returns `1` for a trace that is kept, and `0` for another.
    pub(crate) fn shown(self) -> &'static str {
        if self.kept { "1" } else { "0" }
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self { rate: 1.0, rules: Vec::new() }
    }
}

impl Sampler {
    /// Returns whether the tags of the first span of a trace matter.
    #[inline]
    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Decides about a trace by the low half of its APM id only.
    #[inline]
    pub(crate) fn decide_by_rate(&self, apm_id: u64) -> Decision {
        Decision { rate: self.rate, kept: keeps(self.rate, apm_id) }
    }

    /// Decides about a trace by the low half of its APM id and, if there are rules, by the tags of its first span.
    pub(crate) fn decide(&self, apm_id: u64, tags: &BTreeMap<String, String>) -> Decision {
        let rule = self.rules.iter().find(|rule| rule.matches(tags));
        let rate = rule.map_or(self.rate, |rule| rule.rate);
        Decision { rate, kept: keeps(rate, apm_id) }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bound is meant to be rounded, as Datadog's tracers round it"
)]
fn keeps(rate: f64, apm_id: u64) -> bool {
    rate >= 1.0 || (rate > 0.0 && apm_id.wrapping_mul(KNUTH) <= (rate * u64::MAX as f64) as u64)
}

fn shown(rate: f64) -> String {
    let text = format!("{:.6}", rate.abs());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns a text in lower case. A letter that would become two stays unchanged, so that `?` matches it.
fn folded(text: &str) -> Vec<char> {
    let lower = |char: char| {
        let mut lower = char.to_lowercase();
        let first = lower.next();
        first.filter(|_| lower.next().is_none()).unwrap_or(char)
    };
    text.chars().map(lower).collect()
}

impl Glob {
    fn new(pattern: &str) -> Self {
        Self(folded(pattern))
    }

    /// Returns whether a text matches. This takes time up to the product of both lengths, without recursion.
    fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (&self.0, folded(text));
        let (mut at, mut from) = (0, 0);
        // Where to continue if a `*` must match another character.
        let mut star: Option<(usize, usize)> = None;
        while from < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    at += 1;
                    star = Some((at, from));
                }
                Some(&char) if char == '?' || text.get(from) == Some(&char) => {
                    at += 1;
                    from += 1;
                }
                _ => {
                    let Some((after, taken)) = star else { return false };
                    star = Some((after, taken + 1));
                    (at, from) = (after, taken + 1);
                }
            }
        }
        pattern.iter().skip(at).all(|&char| char == '*')
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().collect::<String>().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
        tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn the_first_matching_rule_applies_or_the_default_rate() {
        let sampler = Sampler {
            rate: 0.25,
            rules: vec![
                SamplingRule::new(0.0).tag("env", "prod*").tag("tier", "FREE"),
                SamplingRule::new(1.0).tag("env", "prod-?"),
            ],
        };
        let rate = |given| sampler.decide(1, &given).shown_rate();
        assert_eq!(rate(tags([("env", "production"), ("tier", "free")])), "0");
        assert_eq!(rate(tags([("env", "prod-1"), ("tier", "paid")])), "1");
        assert_eq!(rate(tags([("env", "production")])), "0.25");
        assert_eq!(rate(tags([])), "0.25");
    }

    /// Computed with the formula in Python.
    #[test]
    fn the_decision_equals_that_of_other_tracers() {
        let ids = [
            0,
            1,
            2,
            12_345_678_901_234_567_890,
            0x65b4_a20d_f806_fb3b,
            1 << 63,
            u64::MAX,
            4_242_424_242_424_242_424,
        ];
        for (rate, expected) in [
            (1.0, "11111111"),
            (0.9, "11111100"),
            (0.75, "11111100"),
            (0.5, "11110100"),
            (0.25, "11110000"),
            (0.1, "11000000"),
            (0.01, "10000000"),
            (0.0, "00000000"),
        ] {
            let sampler = Sampler { rate, rules: Vec::new() };
            let decide = |id| if sampler.decide(id, &BTreeMap::new()).kept { '1' } else { '0' };
            assert_eq!(ids.into_iter().map(decide).collect::<String>(), expected, "{rate}");
        }
    }

    #[test]
    fn the_rate_has_at_most_six_decimals() {
        let rates = [1.0, -0.0, 0.5, 0.1, 1.0 / 3.0, 0.000_000_1].map(shown);
        assert_eq!(rates, ["1", "0", "0.5", "0.1", "0.333333", "0"]);
    }

    #[test]
    fn the_rate_of_a_rule_is_clamped() {
        let rates = [-0.5, f64::NEG_INFINITY, 0.25, 1.5, f64::INFINITY, f64::NAN];
        let taken = rates.map(|rate| SamplingRule::new(rate).rate.to_string());
        assert_eq!(taken, ["0", "0", "0.25", "1", "1", "1"]);
    }

    #[test]
    fn globs() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "", false),
            ("?é", "xÉ", true),
            ("?", "İ", true),
            ("*b*b", "abab", true),
            ("**", "x", true),
            ("a?", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern:?} on {text:?}");
        }
        assert!(!Glob::new(&"a*".repeat(200)).matches(&"b".repeat(20_000)));
    }

    #[test]
    fn rules_of_the_reference_sdk_are_read() {
        let rule = SamplingRule::read(&json!({ "sample_rate": 0.5, "tags": { "env": "prod*" } }));
        assert_eq!(rule, Ok(SamplingRule::new(0.5).tag("env", "prod*")));
        assert_eq!(SamplingRule::read(&json!({ "sample_rate": 1 })), Ok(SamplingRule::new(1.0)));
        assert_eq!(
            SamplingRule::read(&json!({ "sample_rate": 1, "tags": null })),
            Ok(SamplingRule::new(1.0))
        );
        for bad in [
            json!({}),
            json!({ "sample_rate": 2 }),
            json!({ "sample_rate": "1" }),
            json!({ "sample_rate": 1, "tags": [] }),
            json!({ "sample_rate": 1, "tags": { "a": 1 } }),
            json!([]),
        ] {
            let problem = SamplingRule::read(&bad).unwrap_err();
            assert_eq!(
                problem, "should have a sample_rate between 0 and 1, and tags that are texts",
                "{bad}"
            );
        }
        let long = "s".repeat(41);
        for (key, shown) in [
            ("service", r#""service""#),
            ("a\nb", r#""a\nb""#),
            (&long, r#""ssssssssssssssssssssssssssssssssssssssss""#),
        ] {
            let problem = SamplingRule::read(&json!({ "sample_rate": 0, key: "x" })).unwrap_err();
            assert_eq!(
                problem,
                format!("has the key {shown}, and llmobs supports only sample_rate and tags")
            );
        }
    }
}
