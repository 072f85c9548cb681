use super::{prefix, push_escaped, push_json_string, suffix, tail};

/// Returns texts with lengths around those of blocks, with each kind of character at each position.
fn texts() -> impl Iterator<Item = String> {
    let special = ['"', '\\', '\n', '\r', '\t', '\0', '\u{1f}', '\u{7f}', 'é', '€', '😀', ' ', '!', '#', ']'];
    (0..150).step_by(7).chain([8, 16, 32, 64, 96, 128, 256, 257, 300]).flat_map(move |length| {
        (0..=length).step_by(1 + length / 40).flat_map(move |at| {
            special
                .into_iter()
                .map(move |special| format!("{}{special}{}", "a".repeat(at), "z".repeat(length - at)))
        })
    })
}

#[test]
fn each_character_at_each_position_is_escaped_as_by_serde_json() {
    for text in texts() {
        let mut out = "before".to_owned();
        push_json_string(&text, &mut out);
        assert_eq!(out.strip_prefix("before").unwrap(), serde_json::to_string(&text).unwrap());
    }
}

#[test]
fn head_and_rest_are_the_whole_text() {
    let text = "aé\"b\\\n\u{1}€😀".repeat(4);
    let mut whole = String::new();
    assert_eq!(push_escaped(&text, usize::MAX, &mut whole), "");
    for limit in 0..=whole.len() {
        let mut head = String::new();
        let mut rest = String::new();
        let left = push_escaped(&text, limit, &mut head);
        push_escaped(left, usize::MAX, &mut rest);
        assert_eq!(format!("{head}{rest}"), whole);
        // The next character would not fit.
        assert!(head.len() <= limit && head.len() + 6 > limit, "{head} within {limit}");
    }
}

#[test]
fn the_tail_is_the_longest_that_fits() {
    for text in ["aé\"b\\\n\u{1}€😀".repeat(40), "plain ".repeat(60), "line\n".repeat(60)] {
        let escaped_len = |text: &str| serde_json::to_string(text).unwrap().len() - 2;
        for limit in 0..escaped_len(&text) + 2 {
            let (end, plain) = tail(&text, limit);
            assert!(text.ends_with(end) && escaped_len(end) <= limit);
            let before = text.strip_suffix(end).unwrap();
            let longer = before.chars().next_back().map(|before| format!("{before}{end}"));
            assert!(longer.is_none_or(|longer| escaped_len(&longer) > limit), "{end:?} within {limit}");
            assert_eq!(plain, escaped_len(end) == end.len());
        }
    }
}

#[test]
fn ends_of_json_strings_start_and_end_between_characters() {
    let text = "aé\"b\\\\\n\u{1}€\\u0041😀".repeat(3);
    let mut json = String::new();
    push_escaped(&text, usize::MAX, &mut json);
    let read = |json: &str| serde_json::from_str::<String>(&format!("\"{json}\"")).unwrap();
    for limit in 0..=json.len() + 1 {
        let (head, bytes) = prefix(&json, limit);
        assert!(head.len() <= limit && head.len() + 6 > limit.min(json.len()));
        assert!(json.starts_with(head) && text.starts_with(&read(head)) && read(head).len() == bytes);
        let (end, bytes) = suffix(&json, limit);
        assert!(end.len() <= limit && end.len() + 6 > limit.min(json.len()));
        assert!(json.ends_with(end) && text.ends_with(&read(end)) && read(end).len() == bytes);
    }
}
