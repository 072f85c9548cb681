//! The values of filters: a text, a pattern, a comparison or a range.

use super::QueryError;
use super::condition::{Field, Kind, Test};
use super::lexer::{Lexer, Word};
use super::number::{Amount, Comparison, Interval, Unit, float};

pub(super) fn test(lexer: &mut Lexer, field: &Field) -> Result<Test, QueryError> {
    Ok(if lexer.peek() == Some('[') {
        range(lexer, field)?
    } else if let Some(comparison) = comparison(lexer) {
        lexer.skip_space();
        let column = lexer.column();
        let word = word(lexer, field)?;
        Test::Within(Interval::new(comparison, amount(field, &word, column)?))
    } else {
        let column = lexer.column();
        let word = word(lexer, field)?;
        equality(field, &word, column)?
    })
}

fn comparison(lexer: &mut Lexer) -> Option<Comparison> {
    const SIGNS: [(&str, Comparison); 4] = [
        (">=", Comparison::GreaterOrEqual),
        ("<=", Comparison::LessOrEqual),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
    ];
    SIGNS.into_iter().find_map(|(sign, comparison)| lexer.take(sign).then_some(comparison))
}

fn word(lexer: &mut Lexer, field: &Field) -> Result<Word, QueryError> {
    if lexer.peek() == Some('"') {
        let word = lexer.quoted()?;
        end_quote(lexer)?;
        return Ok(word);
    }
    let column = lexer.column();
    let word = lexer.word(None)?;
    if let Some(sign @ ('(' | '"')) = lexer.peek() {
        return Err(QueryError::new(
            lexer.column(),
            format!("the value contains `{sign}`"),
            format!(r"quote the whole value, or write `\{sign}`"),
        ));
    }
    if word.is_empty() {
        let name = &field.name;
        return Err(QueryError::new(
            column,
            format!("`{name}` has no value"),
            format!(
                "write `{name}:value` without a space, `{name}:*` for any value, or quotes around all of it to search for the text"
            ),
        ));
    }
    Ok(word)
}

fn range(lexer: &mut Lexer, field: &Field) -> Result<Test, QueryError> {
    let column = lexer.column();
    lexer.take("[");
    let low = range_end(lexer)?;
    let to = lexer.comes_word("TO") && lexer.take("TO");
    let high = range_end(lexer)?;
    let closed = lexer.take("]") && lexer.at_end_of_term();
    if !to || !closed || low.1.is_empty() || high.1.is_empty() {
        return Err(QueryError::new(
            column,
            "this is not a range",
            "write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`",
        ));
    }
    let (low, high) = (open_or_amount(field, low)?, open_or_amount(field, high)?);
    if let (Some(low), Some(high)) = (low, high)
        && float(low.first) > float(high.last)
    {
        return Err(QueryError::new(
            column,
            "the range ends before it begins",
            "write the smaller end first, such as `[1 TO 5]`",
        ));
    }
    Ok(Test::Within(Interval::between(low, high)))
}

/// Reads one end of a range and the space around it. Returns its column too.
fn range_end(lexer: &mut Lexer) -> Result<(usize, Word), QueryError> {
    lexer.skip_space();
    let column = lexer.column();
    let quoted = lexer.peek() == Some('"');
    let word = if quoted { lexer.quoted()? } else { lexer.word(Some(']'))? };
    lexer.skip_space();
    Ok((column, word))
}

/// Parses an end of a range. `None` if the end is open.
fn open_or_amount(field: &Field, (column, word): (usize, Word)) -> Result<Option<Amount>, QueryError> {
    if word.is_any() {
        return unit(field, column).map(|_| None);
    }
    amount(field, &word, column).map(Some)
}

pub(super) fn end_quote(lexer: &Lexer) -> Result<(), QueryError> {
    if lexer.at_end_of_term() {
        return Ok(());
    }
    Err(QueryError::new(
        lexer.column(),
        "text follows the closing quote directly",
        r#"write a space after the quote, or `\"` for a quote in the text"#,
    ))
}

fn equality(field: &Field, word: &Word, column: usize) -> Result<Test, QueryError> {
    if word.is_any() {
        return Ok(Test::Exists);
    }
    Ok(match (field.kind, word.literal()) {
        (Kind::Number(_), _) => Test::Within(Interval::new(Comparison::Equal, amount(field, word, column)?)),
        (_, None) => Test::Like(word.pattern()),
        (Kind::Either(unit), Some(text)) if !word.quoted => match unit.read(&text) {
            Ok(amount) => Test::Same(text, amount.first),
            Err(_) => Test::Equals(text),
        },
        (_, Some(text)) => Test::Equals(text),
    })
}

fn amount(field: &Field, word: &Word, column: usize) -> Result<Amount, QueryError> {
    let unit = unit(field, column)?;
    let text = word.literal().ok_or_else(|| {
        QueryError::new(
            column,
            format!("`{}` is a number, which cannot contain `*` or `?`", field.name),
            "write a number or a range, such as `[1 TO 5]`",
        )
    })?;
    unit.read(&text).map_err(|(what, hint)| QueryError::new(column, format!("`{text}` is not {what}"), hint))
}

fn unit(field: &Field, column: usize) -> Result<Unit, QueryError> {
    match field.kind {
        Kind::Number(unit) | Kind::Either(unit) => Ok(unit),
        Kind::Tag => Ok(Unit::Plain),
        Kind::Text | Kind::Id => Err(QueryError::new(
            column,
            format!("`{}` is a text, which has no order", field.name),
            format!("write `{0}:value`, or `{0}:va*`", field.name),
        )),
    }
}
