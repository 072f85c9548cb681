//! Searches a log for secrets.

use std::fmt::Write as _;

/// Returns four consecutive bytes of the secret that the log contains, as text or as a dump of hexadecimal or decimal numbers.
pub fn leak(log: &str, secret: &str) -> Option<String> {
    let log = log.to_lowercase();
    let hexadecimal: String =
        log.replace("0x", "").replace("\\x", "").chars().filter(char::is_ascii_alphanumeric).collect();
    let decimal: Vec<&str> =
        log.split(|char: char| !char.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    let decimal = decimal.join(" ");
    secret.to_lowercase().as_bytes().windows(4).find_map(|part| {
        let digits = part.iter().fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x}").expect("room");
            digits
        });
        let numbers = part.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
        let text = String::from_utf8_lossy(part);
        let found = log.contains(&*text) || hexadecimal.contains(&digits) || decimal.contains(&numbers);
        found.then(|| text.into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::leak;

    #[test]
    fn four_bytes_are_found_in_any_dump() {
        let dumps = [
            "a zq9x b",
            "7a71 3978 | ..",
            "7A 71 39 78",
            "7a713978",
            "[0x7a, 0x71, 0x39, 0x78]",
            r"\x7a\x71\x39\x78",
            "[122, 113, 57, 120]",
        ];
        for dump in dumps {
            assert_eq!(leak(dump, "--zq9x--"), Some("zq9x".to_owned()), "{dump}");
        }
        assert_eq!(leak("zq9 7a7139 122 113 57", "zq9x"), None);
    }
}
