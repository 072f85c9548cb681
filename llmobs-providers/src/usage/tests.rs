use super::{Tokens, Usage};

#[test]
fn newer_counts_replace_older_ones() {
    let mut usage = Usage { input: Some(1), output: Some(2), reasoning: Some(3), ..Usage::default() };
    usage.update(Usage { output: Some(20), total: Some(21), ..Usage::default() });
    assert_eq!(
        usage,
        Usage { input: Some(1), output: Some(20), total: Some(21), reasoning: Some(3), ..Usage::default() }
    );
}

#[test]
fn totals_are_distinguished_from_counts() {
    let parts = Usage {
        input: Some(5),
        tool_input: Some(2),
        visible_output: Some(3),
        reasoning: Some(4),
        ..Usage::default()
    };
    assert_eq!(parts.input_tokens(), Some(Tokens::Added(7)));
    assert_eq!(parts.output_tokens(), Some(Tokens::Added(7)));
    assert_eq!(parts.total_tokens(), Some(Tokens::Added(14)));
    let whole = Usage { tool_input: Some(0), reasoning: None, total: Some(8), ..parts };
    assert_eq!(whole.input_tokens(), Some(Tokens::Counted(5)));
    assert_eq!(whole.output_tokens(), Some(Tokens::Counted(3)));
    assert_eq!(whole.total_tokens(), Some(Tokens::Counted(8)));
}

#[test]
fn counts_have_the_names_of_datadog() {
    assert_eq!(Usage::default().metrics(), []);
    let usage = Usage { input: Some(10), output: Some(4), total: Some(14), ..Usage::default() };
    assert_eq!(usage.metrics(), [("input_tokens", 10), ("output_tokens", 4), ("total_tokens", 14)]);
}

#[test]
fn separately_counted_input_is_summed() {
    let usage = Usage {
        uncached: Some(5),
        output: Some(7),
        cache_read: Some(100),
        cache_write: Some(20),
        reasoning: Some(3),
        ..Usage::default()
    };
    let expected = [
        ("input_tokens", 125),
        ("output_tokens", 7),
        ("total_tokens", 132),
        ("cache_read_input_tokens", 100),
        ("cache_write_input_tokens", 20),
        ("reasoning_output_tokens", 3),
    ];
    assert_eq!(usage.metrics(), expected);
    let most = Usage { uncached: Some(u64::MAX), output: Some(1), cache_read: Some(1), ..Usage::default() };
    assert!(most.metrics().contains(&("total_tokens", u64::MAX)));
}

#[test]
fn names_of_token_kinds_follow_one_pattern() {
    let usage = Usage {
        tool_input: Some(1),
        input_audio: Some(2),
        input_image: Some(3),
        input_video: Some(4),
        input_document: Some(5),
        output_audio: Some(6),
        output_image: Some(7),
        accepted_prediction: Some(8),
        rejected_prediction: Some(9),
        ..Usage::default()
    };
    let expected = [
        ("tool_input_tokens", 1),
        ("audio_input_tokens", 2),
        ("image_input_tokens", 3),
        ("video_input_tokens", 4),
        ("document_input_tokens", 5),
        ("audio_output_tokens", 6),
        ("image_output_tokens", 7),
        ("accepted_prediction_output_tokens", 8),
        ("rejected_prediction_output_tokens", 9),
    ];
    assert_eq!(usage.metrics(), expected);
}
