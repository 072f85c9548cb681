//! Canonical ids of traces and spans. Programs write the same number as hexadecimal or decimal text, and tools show it in further forms.

/// The canonical form of an id: a number of up to 64 bits as decimal text, a larger one as 32 hexadecimal digits in lower case. Any other
/// text is unchanged.
///
/// Sixteen or 32 digits, UUIDs and digits after `0x` are read as hexadecimal, and other digits as decimal. Sixteen decimal digits without
/// a leading zero are a decimal number, because most SDKs for Datadog write ids so.
pub(crate) fn canonical(id: &str) -> String {
    match number(id) {
        Some(number) => {
            u64::try_from(number).map_or_else(|_| format!("{number:032x}"), |short| short.to_string())
        }
        None => id.to_owned(),
    }
}

/// Whether a word looks like an id, and not like a small number or a word of a text.
pub(crate) fn looks_like_id(word: &str) -> bool {
    word.len() >= 16 && number(word).is_some()
}

fn number(id: &str) -> Option<u128> {
    if let Some(digits) = id.strip_prefix("0x").or_else(|| id.strip_prefix("0X")) {
        return hexadecimal(digits);
    }
    let decimal = id.bytes().all(|byte| byte.is_ascii_digit()) && (!id.starts_with('0') || id == "0");
    match id.len() {
        16 if !decimal => hexadecimal(id),
        32 => hexadecimal(id),
        36 if [8, 13, 18, 23].iter().all(|&at| id.as_bytes().get(at) == Some(&b'-')) => {
            hexadecimal(&id.replace('-', "")).filter(|_| id.matches('-').count() == 4)
        }
        _ if decimal => id.parse().ok(),
        _ => None,
    }
}

fn hexadecimal(digits: &str) -> Option<u128> {
    // `from_str_radix` would accept a sign.
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u128::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_number_have_one_canonical_form() {
        for (forms, id) in [
            (
                &[
                    "0AF7651916CD43DD8448EB211C80319C",
                    "0af76519-16cd-43dd-8448-eb211c80319c",
                    "0x0af7651916cd43dd8448eb211c80319c",
                    "14576827793038113322513871894673895836",
                ][..],
                "0af7651916cd43dd8448eb211c80319c",
            ),
            (
                &[
                    "b7ad6b7169203331",
                    "B7AD6B7169203331",
                    "0xb7ad6b7169203331",
                    "13235353014750950193",
                    "0000000000000000b7ad6b7169203331",
                ],
                "13235353014750950193",
            ),
            (&["0000000000000000", "0", "0x0"], "0"),
            (&["000000000000000a", "0xa", "10"], "10"),
            // Decimal, although it could be hexadecimal.
            (&["1234567890123456"], "1234567890123456"),
        ] {
            for form in forms {
                assert_eq!(canonical(form), id, "{form}");
            }
        }
    }

    #[test]
    fn other_texts_are_unchanged() {
        for text in [
            "",
            "t",
            "007",
            "Run-7",
            "0x",
            "0xg",
            "+af7651916cd43dd",
            "b7ad6b716920333",
            "é7ad6b716920333",
            "run-af76-5191-6cd4-3dd8-448eb211c803",
            "0af7-65191-6cd43dd-8448-eb211c80319c",
            "1000000000000000000000000000000000000000",
        ] {
            assert_eq!(canonical(text), text);
        }
    }

    #[test]
    fn words_and_small_numbers_do_not_look_like_ids() {
        let ids = ["b7ad6b7169203331", "13235353014750950193", "0af76519-16cd-43dd-8448-eb211c80319c"];
        assert!(ids.into_iter().all(looks_like_id));
        assert!(!["deadbeef", "42", "20260131", "internationalization"].into_iter().any(looks_like_id));
    }
}
