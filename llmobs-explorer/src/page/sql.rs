//! Readable SQL, with one line per clause.

use sqlformat::{FormatOptions, QueryParams};

/// Shorter statements stay on one line.
const LEAST_BYTES: usize = 72;
/// Longer statements are unchanged, because the time to format them grows with the square of their length.
const MOST_BYTES: usize = 8 * 1024;
/// The first words of statements, and a later word of each.
const STATEMENTS: [(&str, &str); 6] = [
    ("SELECT", "FROM"),
    ("WITH", "SELECT"),
    ("INSERT", "INTO"),
    ("UPDATE", "SET"),
    ("DELETE", "FROM"),
    ("CREATE", "TABLE"),
];

/// Formats a text with one line per clause, if it is clearly an SQL statement on one line.
pub(super) fn formatted(text: &str) -> Option<String> {
    if !(LEAST_BYTES..=MOST_BYTES).contains(&text.len()) || text.trim().contains('\n') || !is_statement(text)
    {
        return None;
    }
    let options = FormatOptions {
        max_inline_arguments: Some(LEAST_BYTES),
        max_inline_top_level: Some(LEAST_BYTES),
        ..FormatOptions::default()
    };
    let formatted = sqlformat::format(text, &QueryParams::None, &options);
    // Only white space may change.
    let words = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
    (words(&formatted) == words(text)).then_some(formatted)
}

/// Whether a text begins like a statement. In lower case, the words are also English words, so the text must contain an operator too.
fn is_statement(text: &str) -> bool {
    let words = || text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let begins = |first: &str, second: &str| {
        let mut words = words().filter(|word| !word.is_empty());
        words.next() == Some(first) && words.any(|word| word == second)
    };
    let has_sign = || text.contains([';', '=', '*']);
    STATEMENTS.iter().any(|(first, second)| {
        begins(first, second) || has_sign() && begins(&first.to_lowercase(), &second.to_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_clause_has_its_own_line() {
        let statement = "SELECT f.name, count(*) AS trips FROM ferry f JOIN trip t ON t.ferry = f.id \
            WHERE t.place = 'Capri; FROM here' AND t.hour > 18 GROUP BY f.name ORDER BY trips DESC LIMIT 5";
        let expected = "SELECT f.name, count(*) AS trips
FROM ferry f JOIN trip t ON t.ferry = f.id
WHERE t.place = 'Capri; FROM here' AND t.hour > 18
GROUP BY f.name
ORDER BY trips DESC
LIMIT 5";
        assert_eq!(formatted(statement).as_deref(), Some(expected));
        assert_eq!(formatted(&statement.to_lowercase()), Some(expected.to_lowercase()));
    }

    #[test]
    fn other_texts_are_unchanged() {
        let long = |text: &str| format!("{text} {}", "and so on ".repeat(10));
        for text in [
            "SELECT name FROM ferry WHERE id = 1".to_owned(),
            long("Select a seat from the list (*) and pay; then"),
            long("select a seat from the list, please"),
            long("With love, I SELECT nothing;"),
            long("SELECT a\nFROM b WHERE c"),
            format!("SELECT {} FROM b", "a, ".repeat(10_000)),
            String::new(),
        ] {
            assert_eq!(formatted(&text), None, "{text:.100}");
        }
    }

    /// A trace may have anything in it.
    #[test]
    fn any_text_is_answered() {
        let parts = [
            "SELECT ",
            "FROM ",
            " WHERE",
            "(",
            ")",
            "'",
            "\"",
            "`",
            "[",
            "]",
            "--",
            "/*",
            "*/",
            ";",
            "é",
            "ﬁ",
            "İ",
            "ß",
            "$1",
            "$$",
            "@x",
            ":a",
            "?",
            "\\",
            " ",
            "\t",
            "\u{a0}",
            "\u{202f}",
            "CASE",
            " WHEN ",
            "END",
            "BETWEEN ",
            " AND ",
            "1e5",
            "0x",
            "x'",
            "E'",
            "{",
            "}",
            "#",
            "::",
            " UNION ALL ",
            "WITH ",
            " AS (",
            "\u{0}",
            "ORDER  BY",
            "a.b",
            ",",
            "INSERT INTO ",
            "FOR UPDATE",
            "JOIN ",
            "LIMIT ",
            "\u{1F6A2}",
        ];
        let mut state = 7_u64;
        let mut next = |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % most
        };
        for _ in 0..3_000 {
            let text: String = (0..next(60)).map(|_| parts[next(parts.len())]).collect();
            let text =
                format!("SELECT {text} FROM x WHERE a = 1 AND b = 2 AND c = 3 AND d = 4 AND e = 5 AND f = 6");
            if let Some(formatted) = formatted(&text) {
                assert!(
                    formatted.split_whitespace().collect::<String>()
                        == text.split_whitespace().collect::<String>()
                );
            }
        }
    }
}
