//! Parses a query into a tree of conditions. `NOT` and `-` bind strongest, then `AND`, which may be omitted, then `OR`.

use super::QueryError;
use super::condition::{Condition, Field, Kind, Test};
use super::lexer::Lexer;
use super::values::{end_quote, test};
use crate::{id, unspaced};

/// A tree, with the texts of the terms that must all match.
pub(super) struct Parsed {
    pub(super) root: Condition,
    pub(super) parts: Vec<String>,
}

/// The maximum length of a query in characters.
pub(super) const MAX_LENGTH: usize = 4_000;
/// The maximum depth of parentheses. Each level is a recursive call of this parser and of the parser of SQLite.
pub(super) const MAX_DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Parsed, QueryError> {
    if text.chars().nth(MAX_LENGTH).is_some() {
        return Err(QueryError::new(
            MAX_LENGTH + 1,
            format!("the query is longer than {MAX_LENGTH} characters"),
            "write a shorter one",
        ));
    }
    let mut parser = Parser { lexer: Lexer::new(text), depth: 0, parts: Vec::new(), alternatives: false };
    let root = parser.any(None)?;
    if parser.lexer.peek().is_some() {
        return Err(
            parser.error("this parenthesis closes nothing", r"remove it, or write `\)` for a literal one")
        );
    }
    let parts = if parser.alternatives { vec![format!("({})", trimmed(text))] } else { parser.parts };
    Ok(Parsed { root, parts })
}

/// Removes the space around a text, except escaped space at its end.
pub(super) fn trimmed(text: &str) -> &str {
    if text.trim_end().ends_with('\\') { text.trim_start() } else { text.trim() }
}

struct Parser {
    lexer: Lexer,
    depth: usize,
    /// The texts of the terms outside of parentheses.
    parts: Vec<String>,
    /// Whether there is an `OR` outside of parentheses.
    alternatives: bool,
}

/// Parentheses after a field contain values of the field. Other parentheses contain terms.
type Of<'a> = Option<&'a Field>;

impl Parser {
    fn any(&mut self, field: Of<'_>) -> Result<Condition, QueryError> {
        let mut found = vec![self.all(field)?];
        while self.operator("OR")? {
            found.push(self.all(field)?);
        }
        self.alternatives |= found.len() > 1 && self.depth == 0;
        Ok(match found.pop() {
            Some(node) if found.is_empty() => node,
            Some(node) if node == Condition::Everything || found.contains(&Condition::Everything) => {
                Condition::Everything
            }
            Some(node) => {
                found.push(node);
                Condition::Or(found)
            }
            None => Condition::Everything,
        })
    }

    fn all(&mut self, field: Of<'_>) -> Result<Condition, QueryError> {
        let mut found = Vec::new();
        let mut first = true;
        loop {
            self.lexer.skip_space();
            if first && let Some(operator) = self.comes_operator() {
                return Err(self.error(format!("nothing precedes `{operator}`"), LONELY_OPERATOR));
            }
            self.operator("AND")?;
            if self.at_end() || self.lexer.comes_word("OR") {
                break;
            }
            let start = self.lexer.position();
            let node = self.one(field)?;
            if self.depth == 0 {
                self.parts.push(self.lexer.text(start, self.lexer.position()));
            }
            if node != Condition::Everything {
                found.push(node);
            }
            first = false;
        }
        Ok(match found.pop() {
            None => Condition::Everything,
            Some(node) if found.is_empty() => node,
            Some(node) => {
                found.push(node);
                Condition::And(found)
            }
        })
    }

    /// Parses a term or a value with its negations. Uses a loop, because there may be thousands of negations in a row.
    fn one(&mut self, field: Of<'_>) -> Result<Condition, QueryError> {
        let mut excluded = false;
        while self.operator("NOT")? || self.minus()? {
            excluded = !excluded;
        }
        let node = match (self.lexer.peek(), field) {
            (Some('('), _) => self.group(field)?,
            (_, Some(field)) => self.value(field)?,
            (Some('@'), None) => self.attribute()?,
            (Some('"'), None) => self.phrase()?,
            _ => self.tag_or_word()?,
        };
        Ok(if excluded { Condition::Not(Box::new(node)) } else { node })
    }

    fn group(&mut self, field: Of<'_>) -> Result<Condition, QueryError> {
        let column = self.lexer.column();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(
                format!("more than {MAX_DEPTH} nested parentheses"),
                "remove those that are not needed",
            ));
        }
        self.lexer.take("(");
        self.lexer.skip_space();
        if self.lexer.peek() == Some(')') {
            return Err(QueryError::new(
                column,
                "the parentheses are empty",
                "write a condition in them, or remove them",
            ));
        }
        let node = self.any(field)?;
        if !self.lexer.take(")") {
            return Err(QueryError::new(
                column,
                "the parenthesis is not closed",
                r"close it with `)`, or write `\(` for a literal one",
            ));
        }
        self.depth -= 1;
        Ok(node)
    }

    fn attribute(&mut self) -> Result<Condition, QueryError> {
        let column = self.lexer.column();
        self.lexer.take("@");
        let child_attribute = self.lexer.take("child.@");
        let child_tag = !child_attribute && self.lexer.take("child.");
        if self.lexer.comes("child.") {
            return Err(QueryError::new(
                column,
                "this is not a field of other spans of the trace",
                "write `@child.@path:value`",
            ));
        }
        let (start, length) = (self.lexer.position(), self.lexer.distance(&[':']));
        let Some(length) = length else {
            return Err(self.no_value(column, start));
        };
        if length == 0 {
            return Err(QueryError::new(
                column,
                "the path before the `:` is missing",
                "write a path, such as `@name:value`",
            ));
        }
        let path = self.path()?;
        let field = if child_tag {
            Field::child_tag(path, column)
        } else {
            Field::attribute(&path, child_attribute, column)
        };
        self.filter(&field?)
    }

    fn no_value(&mut self, column: usize, start: usize) -> QueryError {
        if let Some(length) = self.lexer.distance(&['<', '>', '=']).filter(|length| *length > 0) {
            let path = self.lexer.text(column - 1, start + length);
            return QueryError::new(
                column,
                format!("the `:` after `{path}` is missing"),
                format!("write it before the comparison, such as `{path}:>5`"),
            );
        }
        match self.lexer.word(None) {
            Ok(word) if word.is_empty() => {
                let path = self.lexer.text(column - 1, start);
                QueryError::new(
                    column,
                    format!("`{path}` has no path"),
                    format!(r#"write `{path}path:value`, or `"{path}"` to search for the text"#),
                )
            }
            Ok(_) => {
                let path = self.lexer.text(column - 1, self.lexer.position());
                QueryError::new(
                    column,
                    format!("`{path}` has no value"),
                    format!(
                        r#"write `{path}:value`, `{path}:*` for any value, or `"{path}"` to search for the text"#
                    ),
                )
            }
            Err(error) => error,
        }
    }

    fn tag_or_word(&mut self) -> Result<Condition, QueryError> {
        let (column, colon) = (self.lexer.column(), self.lexer.distance(&[':']));
        let colon = colon.filter(|colon| {
            let start = self.lexer.position() + colon + 1;
            // This is an address.
            self.lexer.text(start, start + 2) != "//"
        });
        match colon {
            Some(0) => Err(QueryError::new(
                column,
                "the key before the `:` is missing",
                r"write `key:value`, or `\:` for a literal one",
            )),
            Some(_) => {
                let key = self.path()?;
                self.filter(&Field::tag(key, column)?)
            }
            None => {
                let word = self.lexer.word(None)?;
                if self.lexer.peek() == Some('"') {
                    return Err(
                        self.error("the word contains a quote", r#"write a space before the quote, or `\"`"#)
                    );
                }
                if word.is_any() {
                    return Ok(Condition::Everything);
                }
                let (words, prefix) = word.words().ok_or_else(|| {
                    QueryError::new(
                        column,
                        "`*` is only allowed at the end of a word",
                        r"write the beginning of the word, or `\*` for a literal one",
                    )
                })?;
                if !prefix && id::looks_like_id(&words) {
                    with_id(&words, column)
                } else {
                    Ok(has_words(&words, prefix))
                }
            }
        }
    }

    fn phrase(&mut self) -> Result<Condition, QueryError> {
        let column = self.lexer.column();
        let phrase = self.lexer.quoted()?;
        end_quote(&self.lexer)?;
        match phrase.literal() {
            Some(words) if !words.is_empty() => Ok(has_words(&words, false)),
            _ => Err(QueryError::new(column, "the quotes are empty", "write the words to find")),
        }
    }

    /// Parses a path or a key, and the colon after it.
    fn path(&mut self) -> Result<String, QueryError> {
        let column = self.lexer.column();
        let path = self.lexer.word(Some(':'))?.literal().ok_or_else(|| {
            QueryError::new(
                column,
                "the name of a field cannot contain `*` or `?`",
                r"write the name in full, or `\*` and `\?` for literal ones",
            )
        })?;
        self.lexer.take(":");
        Ok(path)
    }

    fn filter(&mut self, field: &Field) -> Result<Condition, QueryError> {
        if self.lexer.peek() == Some('(') {
            return self.group(Some(field));
        }
        self.value(field)
    }

    fn value(&mut self, field: &Field) -> Result<Condition, QueryError> {
        Ok(match test(&mut self.lexer, field)? {
            Test::Equals(id) if field.kind == Kind::Id => has_id(field.clone(), &id),
            test => Condition::Filter(field.clone(), test),
        })
    }

    /// Skips this operator and the space after it if it is next. Returns whether it was.
    fn operator(&mut self, operator: &str) -> Result<bool, QueryError> {
        if !self.lexer.comes_word(operator) {
            return Ok(false);
        }
        let column = self.lexer.column();
        self.lexer.take(operator);
        self.lexer.skip_space();
        if self.at_end() || self.comes_operator().is_some() {
            return Err(QueryError::new(column, format!("nothing follows `{operator}`"), LONELY_OPERATOR));
        }
        Ok(true)
    }

    fn minus(&mut self) -> Result<bool, QueryError> {
        let column = self.lexer.column();
        if !self.lexer.take("-") {
            return Ok(false);
        }
        if self.lexer.at_end_of_term() || self.comes_operator().is_some() {
            return Err(QueryError::new(
                column,
                "nothing follows `-`",
                r"write it directly before the excluded term, or `\-` for a literal one",
            ));
        }
        Ok(true)
    }

    fn comes_operator(&self) -> Option<&'static str> {
        ["AND", "OR"].into_iter().find(|operator| self.lexer.comes_word(operator))
    }

    fn at_end(&self) -> bool {
        matches!(self.lexer.peek(), None | Some(')'))
    }

    fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> QueryError {
        QueryError::new(self.lexer.column(), message, hint)
    }
}

/// Returns the condition for a word that looks like an id. It may be in a text, or be the id of the trace, of the span, or, for a root, of
/// a span below it.
fn with_id(word: &str, column: usize) -> Result<Condition, QueryError> {
    let is = |path, child, id: &str| Ok(has_id(Field::attribute(path, child, column)?, id));
    let below = Condition::And(vec![is("span_id", true, word)?, is("parent_id", false, "")?]);
    let (trace, span) = (is("trace_id", false, word)?, is("span_id", false, word)?);
    Ok(Condition::Or(vec![has_words(word, false), trace, span, below]))
}

fn has_words(words: &str, prefix: bool) -> Condition {
    let (words, prefix) = unspaced::searched(words, prefix);
    Condition::Words { words, prefix }
}

/// Returns the condition on an id in any form.
fn has_id(field: Field, id: &str) -> Condition {
    Condition::Filter(field, Test::Equals(id::canonical(id)))
}

const LONELY_OPERATOR: &str = "write a condition there, or the operator in lower case if it is a word";
