//! JSON as people read it: indented, with the order of the keys and the digits of the numbers as they arrived.

use llmobs_providers::json::Json;

use super::sql;

/// What fits on one line, in bytes.
const LINE: usize = 72;
/// Deeper values are not indented further.
const DEEPEST: usize = 32;
/// How many texts in texts are opened.
const OPENED: usize = 8;

/// The value, indented.
pub(super) fn indented(value: &Json<'_>) -> String {
    print(value, 0)
}

/// The value, indented, with texts of several lines in `"""`, each line on one of its own, and JSON and SQL in texts shown the same way.
pub(super) fn opened(value: &Json<'_>) -> String {
    print(value, OPENED)
}

/// The object or the list in a text.
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
    /// How many more texts in texts are opened.
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

/// A list or an object of scalars without line breaks, if it is short.
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
    fn texts_in_texts_are_opened() {
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
