//! Writes conditions as SQL. Text of the user is always bound, and never part of the SQL.
//!
//! A few columns are in the index `span_list`, so testing them reads no rows of `span`. All other columns are read in subqueries that do
//! not depend on the span. SQLite runs each of these once, with an index, for any number of spans.

use std::ops::Bound;

use rusqlite::ToSql;
use rusqlite::types::Value;

use super::columns::{category, measure, sum};
use crate::query::{Condition, Field, Glyph, Interval, Number, Part, Pattern, Source, TAG, Test};

/// A condition as SQL.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expression {
    pub(super) sql: String,
    /// Names and values: `:p1`, `:p2` and so on.
    pub(super) parameters: Vec<(String, Value)>,
}

impl Expression {
    /// The parameters for a statement.
    pub(super) fn bound(&self) -> Vec<(&str, &dyn ToSql)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value as &dyn ToSql)).collect()
    }
}

/// Writes a condition on a span `s`, for `SELECT … FROM span s WHERE …`. A caller may append `AND …`. `words` are the numbers of the tables
/// of words.
pub(super) fn expression(condition: &Condition, words: &[i64]) -> Expression {
    let mut writer = Writer { expression: Expression::default(), words };
    writer.node(condition, "s");
    writer.expression
}

/// Splits off the words that must all match. Returns the rest of the condition, and for each word a query for its spans.
pub(super) fn split_words(condition: &Condition, words: &[i64]) -> (Condition, Vec<Expression>) {
    let nodes = match condition {
        Condition::And(nodes) => nodes.as_slice(),
        node => std::slice::from_ref(node),
    };
    let (mut rest, mut spans) = (Vec::new(), Vec::new());
    for node in nodes {
        if let Condition::Words { words: text, prefix } = node {
            let mut writer = Writer { expression: Expression::default(), words };
            writer.spans_with(text, *prefix);
            spans.push(writer.expression);
        } else {
            rest.push(node.clone());
        }
    }
    (Condition::And(rest), spans)
}

/// Whether the condition depends only on the facets of a span.
pub(super) fn is_of_facets(condition: &Condition) -> bool {
    match condition {
        Condition::Everything => true,
        Condition::And(nodes) | Condition::Or(nodes) => nodes.iter().all(is_of_facets),
        Condition::Not(node) => is_of_facets(node),
        Condition::Words { .. } => false,
        Condition::Filter(field, _) => !field.child && matches!(field.source, Source::Category(_)),
    }
}

/// Converts a pattern to the syntax of GLOB.
fn glob(pattern: &Pattern) -> String {
    let mut glob = String::new();
    for glyph in pattern.glyphs() {
        match glyph {
            // These are literal in brackets.
            Glyph::Is(letter @ ('*' | '?' | '[')) => glob.extend(['[', *letter, ']']),
            Glyph::Is(letter) => glob.push(*letter),
            Glyph::Any => glob.push('*'),
            Glyph::One => glob.push('?'),
        }
    }
    glob
}

/// Writes SQL.
struct Writer<'a> {
    expression: Expression,
    /// The numbers of the tables of words.
    words: &'a [i64],
}

impl Writer<'_> {
    fn node(&mut self, node: &Condition, span: &'static str) {
        match node {
            Condition::Everything => self.push("TRUE"),
            Condition::And(nodes) => self.joined(nodes, " AND ", span),
            Condition::Or(nodes) => self.joined(nodes, " OR ", span),
            Condition::Not(node) => {
                self.push("(");
                self.node(node, span);
                // `NOT` would exclude spans without a value.
                self.push(") IS NOT TRUE");
            }
            Condition::Words { words, prefix } => self.words(words, *prefix, span),
            Condition::Filter(field, test) if field.child => {
                // SQLite would read all of the index `span_list` instead.
                let index = match field.source {
                    Source::Category(_) => "INDEXED BY span_by_facets ",
                    _ => "",
                };
                self.push(&format!(
                    "{span}.trace IN (SELECT c.trace FROM span c {index}WHERE c.head = 0 AND "
                ));
                self.filter(field, test, "c");
                self.push(")");
            }
            Condition::Filter(field, test) => self.filter(field, test, span),
        }
    }

    /// Writes a balanced tree, because SQLite rejects expressions with more than 1,000 levels.
    fn joined(&mut self, nodes: &[Condition], operator: &str, span: &'static str) {
        match nodes {
            [] => self.push("TRUE"),
            [node] => self.node(node, span),
            nodes => {
                let (left, right) = nodes.split_at(nodes.len() / 2);
                self.push("(");
                self.joined(left, operator, span);
                self.push(operator);
                self.joined(right, operator, span);
                self.push(")");
            }
        }
    }

    fn words(&mut self, words: &str, prefix: bool, span: &str) {
        self.push(&format!("{span}.id IN ("));
        self.spans_with(words, prefix);
        self.push(")");
    }

    /// Writes a query for the spans that have the words. It may return a span several times, and matches nothing if there are no tables.
    fn spans_with(&mut self, words: &str, prefix: bool) {
        // In quotes, only the quote is an operator. A zero byte would end the text before its closing quote.
        let quoted = words.replace('"', "\"\"").replace('\0', " ");
        let parameter = self.parameter(format!("\"{quoted}\"{}", if prefix { " *" } else { "" }));
        // Cross joins make SQLite begin with the words.
        let spans: Vec<String> = self
            .words
            .iter()
            .map(|number| {
                format!(
                    "SELECT x.span AS id FROM words_{number} CROSS JOIN span_piece x ON x.piece = words_{number}.rowid \
                     WHERE words_{number} MATCH {parameter}"
                )
            })
            .collect();
        let spans = if spans.is_empty() { "SELECT NULL AS id".to_owned() } else { spans.join(" UNION ALL ") };
        self.push(&spans);
    }

    fn filter(&mut self, field: &Field, test: &Test, span: &str) {
        match &field.source {
            Source::Measure(of) => self.column(&format!("{span}.{}", measure(*of)), test),
            Source::Category(of) => {
                self.push(&format!("{span}.facets IN (SELECT id FROM facets WHERE "));
                self.column(category(*of), test);
                self.push(")");
            }
            Source::SpanId => {
                self.push(&format!("{span}.id IN (SELECT id FROM span WHERE "));
                self.column("span_id", test);
                self.push(")");
            }
            Source::TraceId => self.trace("trace_id", test, span),
            Source::Sum(of) => self.trace(sum(*of), test, span),
            Source::Parent => self.parent(test, span),
            Source::Session => self.session(test, span),
            Source::Attribute(path) => self.attribute(path, test, span),
            Source::Tags => self.tags(test, span),
            Source::Evaluation { feedback, label, part } => {
                let column = match part {
                    Part::Value => "value",
                    Part::Assessment => "assessment",
                    Part::Reasoning => "reasoning",
                };
                self.evaluation(*feedback, label, column, test, span);
            }
        }
    }

    /// If the column is null, the condition is null or false.
    fn column(&mut self, name: &str, test: &Test) {
        match test {
            Test::Exists => self.push(&format!("{name} IS NOT NULL")),
            Test::Equals(value) if value.is_empty() => self.push(&format!("({name} IS NULL OR {name} = '')")),
            Test::Equals(value) => {
                self.push(&format!("{name} = "));
                self.bind(value.clone());
            }
            Test::Like(pattern) => {
                self.push(&format!("{name} GLOB "));
                self.bind(glob(pattern));
            }
            Test::Same(..) | Test::Within(_) => self.value(name, name, test),
        }
    }

    fn trace(&mut self, column: &str, test: &Test, span: &str) {
        self.push(&format!("{span}.trace IN (SELECT id FROM trace WHERE "));
        self.column(column, test);
        self.push(")");
    }

    fn parent(&mut self, test: &Test, span: &str) {
        match test {
            // The values that programs write if there is no parent.
            Test::Equals(id) if matches!(id.as_str(), "" | "0" | "undefined" | "null") => {
                self.push(&format!("{span}.parent_id IS NULL"));
            }
            test => self.column(&format!("{span}.parent_id"), test),
        }
    }

    fn session(&mut self, test: &Test, span: &str) {
        match test {
            Test::Exists => self.push(&format!("{span}.session IS NOT NULL")),
            Test::Equals(id) if id.is_empty() => self.push(&format!("{span}.session IS NULL")),
            test => {
                self.push(&format!("{span}.session IN (SELECT id FROM session WHERE "));
                self.column("session_id", test);
                self.push(")");
            }
        }
    }

    fn attribute(&mut self, path: &str, test: &Test, span: &str) {
        let set = if path.starts_with(TAG) { "tags" } else { "fields" };
        self.attributes(&format!("{span}.{set}"), |writer| {
            writer.push("path = ");
            writer.bind(path.to_owned());
            match test {
                Test::Exists => {}
                // Each side uses its own index.
                Test::Same(value, number) => {
                    writer.push(" AND text = ");
                    writer.bind(value.clone());
                    writer.push(" OR path = ");
                    writer.bind(path.to_owned());
                    writer.push(" AND number = ");
                    writer.bind(value_of(*number));
                }
                test => {
                    writer.push(" AND ");
                    writer.value("text", "number", test);
                }
            }
        });
    }

    fn tags(&mut self, test: &Test, span: &str) {
        self.attributes(&format!("{span}.tags"), |writer| match test {
            Test::Equals(tag) => {
                let (key, value) = tag.split_once(':').unwrap_or((tag, ""));
                writer.push("path = ");
                writer.bind(format!("{TAG}{key}"));
                writer.push(" AND text = ");
                writer.bind(value.to_owned());
            }
            Test::Like(pattern) => {
                writer.push("path GLOB 'tag.*' AND substr(path, 5) || iif(text = '', '', ':' || text) GLOB ");
                writer.bind(glob(pattern));
            }
            Test::Exists | Test::Same(..) | Test::Within(_) => writer.push("path GLOB 'tag.*'"),
        });
    }

    fn attributes(&mut self, set: &str, which: impl FnOnce(&mut Self)) {
        self.push(&format!(
            "{set} IN (SELECT id FROM attribute_set WHERE attribute IN (SELECT id FROM attribute WHERE "
        ));
        which(self);
        self.push("))");
    }

    fn evaluation(&mut self, feedback: bool, label: &str, column: &str, test: &Test, span: &str) {
        self.push("(");
        for (index, (one, spans)) in [("id", JUDGED), ("tags", JUDGED_TAGS)].into_iter().enumerate() {
            let or = if index == 0 { "" } else { " OR " };
            self.push(&format!(
                "{or}{span}.{one} IN (WITH e AS MATERIALIZED (SELECT trace_id, span_id, session_id, tag_key, tag_value \
                 FROM evaluation WHERE label = "
            ));
            self.bind(label.to_owned());
            self.push(if feedback { " AND feedback = 1 AND " } else { " AND feedback = 0 AND " });
            self.value(column, "number", test);
            self.push(")");
            self.push(spans);
            self.push(")");
        }
        self.push(")");
    }

    /// Writes a test of an existing value, which one column has as text and the other as a number.
    fn value(&mut self, column: &str, number: &str, test: &Test) {
        match test {
            Test::Exists => self.push(&format!("{column} IS NOT NULL")),
            Test::Equals(value) => {
                self.push(&format!("{column} = "));
                self.bind(value.clone());
            }
            Test::Like(pattern) => {
                self.push(&format!("{column} GLOB "));
                self.bind(glob(pattern));
            }
            Test::Same(value, amount) => {
                self.push(&format!("({column} = "));
                self.bind(value.clone());
                self.push(&format!(" OR {number} = "));
                self.bind(value_of(*amount));
                self.push(")");
            }
            Test::Within(interval) => self.interval(number, *interval),
        }
    }

    fn interval(&mut self, name: &str, Interval { low, high }: Interval) {
        let ends = match (low, high) {
            (Bound::Unbounded, Bound::Unbounded) => return self.push(&format!("{name} IS NOT NULL")),
            (Bound::Included(low), Bound::Included(high)) if low == high => [Some(("=", low)), None],
            (low, high) => [end(low, ">=", ">"), end(high, "<=", "<")],
        };
        for (index, (sign, number)) in ends.into_iter().flatten().enumerate() {
            let and = if index == 0 { "" } else { " AND " };
            self.push(&format!("{and}{name} {sign} "));
            self.bind(value_of(number));
        }
    }

    /// Writes a parameter with a new name.
    fn bind(&mut self, value: impl Into<Value>) {
        let name = self.parameter(value);
        self.push(&name);
    }

    /// Adds a parameter, and returns its name.
    fn parameter(&mut self, value: impl Into<Value>) -> String {
        let parameters = &mut self.expression.parameters;
        let name = format!(":p{}", parameters.len() + 1);
        parameters.push((name.clone(), value.into()));
        name
    }

    fn push(&mut self, sql: &str) {
        self.expression.sql.push_str(sql);
    }
}

/// The spans of the evaluations `e`. Cross joins make SQLite begin with the evaluations and use the indexes from there. All spans are read
/// only if an evaluation names its span without the trace: otherwise, the first table of that join is empty.
const JUDGED: &str = " SELECT x.id FROM e CROSS JOIN trace y ON y.trace_id = e.trace_id \
    CROSS JOIN span x ON x.trace = y.id AND x.span_id = e.span_id \
    UNION ALL SELECT x.id FROM (SELECT 1 FROM e WHERE trace_id IS NULL AND span_id IS NOT NULL LIMIT 1) \
    CROSS JOIN span x WHERE x.span_id IN (SELECT span_id FROM e WHERE trace_id IS NULL) \
    UNION ALL SELECT x.id FROM e CROSS JOIN trace y ON y.trace_id = e.trace_id CROSS JOIN span x ON x.trace = y.id \
    WHERE e.span_id IS NULL \
    UNION ALL SELECT x.id FROM e CROSS JOIN session y ON y.session_id = e.session_id \
    CROSS JOIN span x ON x.head IN (0, 1) AND x.session = y.id";

/// The sets of tags of the evaluations `e`.
const JUDGED_TAGS: &str = " SELECT a.id FROM e CROSS JOIN attribute p ON p.path = 'tag.' || e.tag_key AND p.text = e.tag_value \
    CROSS JOIN attribute_set a ON a.attribute = p.id";

fn end(
    bound: Bound<Number>,
    included: &'static str,
    excluded: &'static str,
) -> Option<(&'static str, Number)> {
    match bound {
        Bound::Included(number) => Some((included, number)),
        Bound::Excluded(number) => Some((excluded, number)),
        Bound::Unbounded => None,
    }
}

fn value_of(number: Number) -> Value {
    match number {
        Number::Integer(number) => Value::Integer(number),
        Number::Real(number) => Value::Real(number),
    }
}

#[cfg(test)]
mod tests;
