//! Writes conditions as SQL. The text of a user is always bound, and never part of the SQL.
//!
//! All but a few columns are read in subqueries that do not depend on the span, so that SQLite runs each once, with an index, for any
//! number of spans. The other columns are in the index `span_list`, so that no row of a span is read.

use std::ops::Bound;

use rusqlite::types::Value;

use super::Parameter;
use super::fields::{Field, Source, TAG};
use super::number::{Interval, Number};
use super::parser::Node;
use super::values::Test;

/// SQL with its parameters.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) sql: String,
    pub(super) parameters: Vec<Parameter>,
    /// The numbers of the tables of words.
    words: &'a [i64],
}

impl<'a> Writer<'a> {
    pub(super) fn new(words: &'a [i64]) -> Self {
        Self { sql: String::new(), parameters: Vec::new(), words }
    }

    pub(super) fn node(&mut self, node: &Node, span: &'static str) {
        match node {
            Node::Everything => self.push("TRUE"),
            Node::And(nodes) => self.joined(nodes, " AND ", span),
            Node::Or(nodes) => self.joined(nodes, " OR ", span),
            Node::Not(node) => {
                self.push("(");
                self.node(node, span);
                // `NOT` would exclude spans without a value.
                self.push(") IS NOT TRUE");
            }
            Node::Words { words, prefix } => self.words(words, *prefix, span),
            Node::Filter(field, test) if field.child => {
                self.push(&format!("{span}.trace IN (SELECT c.trace FROM span c WHERE c.head = 0 AND "));
                self.filter(field, test, "c");
                self.push(")");
            }
            Node::Filter(field, test) => self.filter(field, test, span),
        }
    }

    /// Writes a balanced tree, since SQLite refuses expressions of more than 1,000 levels.
    fn joined(&mut self, nodes: &[Node], operator: &str, span: &'static str) {
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
        // In quotes, only the quote is an operator. A zero byte would end the text before its closing quote.
        let quoted = words.replace('"', "\"\"").replace('\0', " ");
        let parameter = self.parameter(format!("\"{quoted}\"{}", if prefix { " *" } else { "" }));
        let pieces: Vec<String> = self
            .words
            .iter()
            .map(|number| format!("SELECT rowid FROM words_{number} WHERE words_{number} MATCH {parameter}"))
            .collect();
        // In parentheses, a query may be empty, which matches nothing.
        let pieces = pieces.join(" UNION ALL ");
        self.push(&format!("{span}.id IN (SELECT span FROM span_piece WHERE piece IN ({pieces}))"));
    }

    fn filter(&mut self, field: &Field, test: &Test, span: &str) {
        match &field.place {
            Source::Span(name) => self.column(&format!("{span}.{name}"), test),
            Source::Facet(name) => {
                self.push(&format!("{span}.facets IN (SELECT id FROM facets WHERE "));
                self.column(name, test);
                self.push(")");
            }
            Source::SpanId => {
                self.push(&format!("{span}.id IN (SELECT id FROM span WHERE "));
                self.column("span_id", test);
                self.push(")");
            }
            Source::Trace(name) => {
                self.push(&format!("{span}.trace IN (SELECT id FROM trace WHERE "));
                self.column(name, test);
                self.push(")");
            }
            Source::Parent => self.parent(test, span),
            Source::Session => self.session(test, span),
            Source::Attribute(path) => self.attribute(path, test, span),
            Source::Tags => self.tags(test, span),
            Source::Evaluation { feedback, label, column } => {
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
            Test::Like(glob) => {
                self.push(&format!("{name} GLOB "));
                self.bind(glob.clone());
            }
            Test::Same(..) | Test::Within(_) => self.value(name, name, test),
        }
    }

    fn parent(&mut self, test: &Test, span: &str) {
        match test {
            // The values that programs write for no parent.
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
                    writer.bind(*number);
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
            Test::Like(glob) => {
                writer.push("path GLOB 'tag.*' AND substr(path, 5) || iif(text = '', '', ':' || text) GLOB ");
                writer.bind(glob.clone());
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

    /// A test of a value that is there, which is text in one column and a number in the other.
    fn value(&mut self, column: &str, number: &str, test: &Test) {
        match test {
            Test::Exists => self.push(&format!("{column} IS NOT NULL")),
            Test::Equals(value) => {
                self.push(&format!("{column} = "));
                self.bind(value.clone());
            }
            Test::Like(glob) => {
                self.push(&format!("{column} GLOB "));
                self.bind(glob.clone());
            }
            Test::Same(value, amount) => {
                self.push(&format!("({column} = "));
                self.bind(value.clone());
                self.push(&format!(" OR {number} = "));
                self.bind(*amount);
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
            self.bind(number);
        }
    }

    /// Writes a parameter with a name of its own.
    fn bind(&mut self, value: impl Into<Value>) {
        let name = self.parameter(value);
        self.push(&name);
    }

    /// Adds a parameter, and returns its name.
    fn parameter(&mut self, value: impl Into<Value>) -> String {
        let name = format!(":p{}", self.parameters.len() + 1);
        self.parameters.push((name.clone(), value.into()));
        name
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }
}

/// The spans of the evaluations `e`. They are cross joins, so that SQLite begins with the evaluations and uses the indexes from there.
/// All spans are read only if an evaluation names its span without the trace.
const JUDGED: &str = " SELECT x.id FROM e CROSS JOIN trace y ON y.trace_id = e.trace_id \
    CROSS JOIN span x ON x.trace = y.id AND x.span_id = e.span_id \
    UNION ALL SELECT id FROM span WHERE span_id IN (SELECT span_id FROM e WHERE trace_id IS NULL) \
        AND EXISTS (SELECT 1 FROM e WHERE trace_id IS NULL AND span_id IS NOT NULL) \
    UNION ALL SELECT x.id FROM e CROSS JOIN trace y ON y.trace_id = e.trace_id CROSS JOIN span x ON x.trace = y.id \
    WHERE e.span_id IS NULL \
    UNION ALL SELECT x.id FROM e CROSS JOIN session y ON y.session_id = e.session_id CROSS JOIN span x ON x.session = y.id";

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
