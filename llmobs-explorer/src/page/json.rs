//! Readable JSON: indented, with the original order of keys and the original digits of numbers.

use llmobs_providers::json::Json;

use super::sql;

/// The longest value on one line, in bytes.
const LINE: usize = 72;
/// Deeper values are not indented further.
const DEEPEST: usize = 32;
/// The most nested texts to parse.
const OPENED: usize = 8;

/// Returns the value, indented.
pub(super) fn indented(value: &Json<'_>) -> String {
    print(value, 0)
}

/// Returns the value, indented. Writes texts with several lines between `"""`, and JSON and SQL in texts in the same way.
pub(super) fn opened(value: &Json<'_>) -> String {
    print(value, OPENED)
}

/// Parses the object or the list in a text.
pub(super) fn inside(text: &str) -> Option<Json<'_>> {
    text.trim_start().starts_with(['{', '[']).then(|| Json::read(text)).flatten()
}

fn print(value: &Json<'_>, open: usize) -> String {
    let mut printer = Printer { text: String::new(), depth: 0, open };
    printer.value(value);
    printer.text
}

struct Printer {
    text: String,
    depth: usize,
    /// The number of further nested texts to parse.
    open: usize,
}

impl Printer {
    fn value(&mut self, value: &Json<'_>) {
        match value {
            Json::Array(items) if !items.is_empty() => {
                let line = on_one_line('[', "", items.iter().map(|item| (None, item)), ']');
                self.compound(line, ['[', ']'], items, Self::value);
            }
            Json::Object(fields) if !fields.is_empty() => {
                let line =
                    on_one_line('{', " ", fields.iter().map(|(name, value)| (Some(&**name), value)), '}');
                self.compound(line, ['{', '}'], fields, |printer, (name, value)| {
                    printer.text.push_str(&quoted(name));
                    printer.text.push_str(": ");
                    printer.value(value);
                });
            }
            Json::Text(text) => self.string(text),
            scalar => scalar.push_to(&mut self.text),
        }
    }

    fn compound<T>(
        &mut self,
        line: Option<String>,
        [begin, end]: [char; 2],
        items: &[T],
        print: impl Fn(&mut Self, &T),
    ) {
        if let Some(line) = line {
            return self.text.push_str(&line);
        }
        self.text.push(begin);
        self.depth += 1;
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.new_line();
            print(self, item);
        }
        self.depth -= 1;
        self.new_line();
        self.text.push(end);
    }

    fn string(&mut self, text: &str) {
        if self.open == 0 {
            return self.text.push_str(&quoted(text));
        }
        let value = inside(text);
        let statement = sql::formatted(text);
        let lines = statement.as_deref().unwrap_or(text);
        if value.is_none() && !lines.contains('\n') {
            return self.text.push_str(&quoted(text));
        }
        self.text.push_str("\"\"\"");
        self.depth += 1;
        self.open -= 1;
        if let Some(value) = value {
            self.new_line();
            self.value(&value);
        } else {
            for line in lines.lines() {
                self.new_line();
                self.text.push_str(line);
            }
        }
        self.open += 1;
        self.depth -= 1;
        self.new_line();
        self.text.push_str("\"\"\"");
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth.min(DEEPEST)));
    }
}

/// Formats a list or an object on one line, if it is short and has only scalars without line breaks.
fn on_one_line<'a>(
    begin: char,
    space: &str,
    items: impl Iterator<Item = (Option<&'a str>, &'a Json<'a>)>,
    end: char,
) -> Option<String> {
    let mut line = format!("{begin}{space}");
    for (index, (name, value)) in items.enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        if let Some(name) = name {
            line.push_str(&quoted(name));
            line.push_str(": ");
        }
        match value {
            Json::Array(items) if !items.is_empty() => return None,
            Json::Object(fields) if !fields.is_empty() => return None,
            Json::Text(text) if text.contains('\n') || text.len() > LINE || inside(text).is_some() => {
                return None;
            }
            scalar => scalar.push_to(&mut line),
        }
        if line.len() > LINE {
            return None;
        }
    }
    line.push_str(space);
    line.push(end);
    Some(line)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Json<'_> {
        Json::read(text).unwrap()
    }

    #[test]
    fn keys_keep_their_order_and_numbers_their_digits() {
        let text = r#"{"zebra": 1.10, "apple": {"b": null, "a": [], "c": {}}, "id": 123456789012345678901234567890, "list": [1, "é", true]}"#;
        let expected = r#"{
  "zebra": 1.10,
  "apple": { "b": null, "a": [], "c": {} },
  "id": 123456789012345678901234567890,
  "list": [1, "é", true]
}"#;
        assert_eq!(indented(&read(text)), expected);
        assert_eq!(opened(&read(text)), expected);
    }

    #[test]
    fn json_in_texts_is_parsed() {
        let text = r#"{"sql": "SELECT \"a\"\n  FROM b\n", "body": "{\"z\": \"x\\ny\", \"a\": 1}", "no": "{x}", "n": "1"}"#;
        let expected = r#"{
  "sql": """
    SELECT "a"
      FROM b
  """,
  "body": """
    {
      "z": """
        x
        y
      """,
      "a": 1
    }
  """,
  "no": "{x}",
  "n": "1"
}"#;
        assert_eq!(opened(&read(text)), expected);
        assert_eq!(Json::read(&indented(&read(text))), Json::read(text));
    }

    #[test]
    fn depth_is_limited() {
        let text = format!("{}\"{}\"{}", "[".repeat(100), "x".repeat(100), "]".repeat(100));
        let widest = indented(&read(&text)).lines().map(|line| line.len() - line.trim_start().len()).max();
        assert_eq!(widest, Some(2 * DEEPEST));
        let nested = (0..12).fold("{}".to_owned(), |inner, _| format!("[{}]", quoted(&inner)));
        assert_eq!(opened(&read(&nested)).matches("\"\"\"").count(), 2 * OPENED);
    }
}
