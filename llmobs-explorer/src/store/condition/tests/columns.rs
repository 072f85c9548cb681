//! Fields in columns of spans and traces.

use super::check;

#[test]
fn texts_in_columns_are_found() {
    check(&[
        ("@ml_app:shop", "answer complete plan search"),
        ("@name:draft", "draft"),
        ("@name:\"draft\"", "draft"),
        ("@name:Draft", ""),
        ("@status:error", "search"),
        ("status:error", "search"),
        ("status:ERROR", ""),
        ("-status:ok", "search"),
        ("service:web @name:p*", "plan"),
        ("@service:web @name:p*", "plan"),
        ("env:staging", "draft polish"),
        ("@env:staging", "draft polish"),
        ("env:(prod OR staging) @name:(draft OR plan)", "draft plan"),
        ("@meta.span.kind:llm", "complete draft judge"),
        ("@meta.model_name:gpt-4o", "complete"),
        ("@meta.model_name:gpt-4o*", "complete draft"),
        ("@meta.model_name:\"gpt-4o*\"", ""),
        ("@meta.model_name:gpt\\-4o", "complete"),
        ("@meta.model_name:gpt-?o", "complete"),
        ("@meta.model_provider:anthropic", "judge"),
        ("@meta.error.type:*", "search"),
        ("@meta.error.type:Timeout*", "search"),
        ("@session_id:s-2 @meta.span.kind:tool", "lookup"),
        ("@trace_id:t-4", "orphan rank"),
        ("trace_id:t-4", "orphan rank"),
        ("span_id:14", "rank search"),
        ("@span_id:14 trace_id:t-1", "search"),
        ("@span_id:unknown", ""),
    ]);
}

#[test]
fn missing_values_are_found_by_negation() {
    check(&[
        ("-@session_id:*", "draft orphan polish rank"),
        ("@session_id:\"\"", "draft orphan polish rank"),
        ("-env:prod -env:staging @meta.span.kind:tool", "lookup orphan"),
        ("-env:p* @meta.span.kind:tool", "lookup orphan"),
        ("-@metrics.input_tokens:>5 @trace_id:t-3", "embed lookup triage"),
        ("-(env:prod OR @metrics.input_tokens:>5)", "embed lookup orphan polish rank triage"),
        ("-(-env:prod)", "answer complete plan search"),
    ]);
}

#[test]
fn spans_without_a_parent_are_found_in_all_forms() {
    check(&[
        ("@parent_id:undefined", "answer draft triage"),
        ("@parent_id:\"\"", "answer draft triage"),
        ("@parent_id:0", "answer draft triage"),
        ("-@parent_id:undefined @trace_id:t-2", "polish"),
        ("@parent_id:* @trace_id:t-4", "orphan rank"),
        ("@parent_id:40", "orphan"),
        ("@parent_id:undefined @session_id:*", "answer triage"),
    ]);
}

#[test]
fn numbers_in_columns_are_compared() {
    check(&[
        ("@metrics.input_tokens:100", "complete"),
        ("@metrics.input_tokens:\"100\"", "complete"),
        ("@metrics.input_tokens:1e2", "complete"),
        ("@metrics.input_tokens:>=100", "complete draft"),
        ("@metrics.output_tokens:<20", "judge"),
        ("@metrics.output_tokens:<=20", "complete judge"),
        ("@metrics.total_tokens:[9 TO 120]", "complete judge"),
        ("@metrics.total_tokens:[* TO 120]", "complete judge"),
        ("@metrics.total_tokens:[120 TO *]", "complete draft"),
        ("@metrics.total_tokens:[* TO *]", "complete draft judge"),
        ("@metrics.total_tokens:*", "complete draft judge"),
        ("@metrics.total_tokens:(9 OR >1000)", "draft judge"),
        ("@metrics.cache_read_input_tokens:>0.5", "complete"),
        ("@metrics.time_to_first_token:>0.5", "draft"),
        ("@metrics.time_to_first_token:500ms", "complete"),
        ("@metrics.time_to_first_token:<=2s", "complete draft"),
        ("@start_ns:3000000002", "embed"),
        ("@trace.total_tokens:>120 @meta.span.kind:llm", "draft"),
        ("@trace.input_tokens:7 @meta.span.kind:tool", "lookup"),
        ("@trace.output_tokens:>=500 @parent_id:undefined", "draft"),
        ("@trace.llm_calls:0", "orphan rank"),
        ("@trace.tool_calls:0", "draft polish"),
        ("@trace.number_of_tools:0", "draft polish"),
        ("@trace.number_of_errors:>0 @parent_id:undefined", "answer"),
        ("-@trace.total_tokens:>1 @name:*", "orphan rank"),
    ]);
}

/// The test agent compares `@duration:5s` as text, and finds nothing in `[* TO 10]`.
#[test]
fn durations_have_units() {
    check(&[
        ("@duration:5s", "complete"),
        ("@duration:5000000000", "complete"),
        ("@duration:>5s", "answer draft plan triage"),
        ("@duration:>=5s @trace_id:t-1", "answer complete plan"),
        ("@duration:> 5s @trace_id:t-1", "answer plan"),
        ("@duration:1.5m", "draft"),
        ("@duration:1.5us", "search"),
        ("@duration:1.5µs", "search"),
        ("@duration:1.5μs", "search"),
        ("@duration:1500ns", "search"),
        ("@duration:250ms", "polish"),
        ("@duration:2h", "triage"),
        ("@duration:[1ms TO 250ms]", "judge lookup polish"),
        ("@duration:[* TO 10]", "embed orphan rank"),
        ("@duration:0.067s", "lookup"),
        ("@duration:[\"1ms\" TO \"250ms\"]", "judge lookup polish"),
        ("-@duration:<1h", "triage"),
        ("@duration:*  @trace_id:t-4", "orphan rank"),
    ]);
}

#[test]
fn times_are_milliseconds_or_dates() {
    check(&[
        ("timestamp:1001", "complete plan"),
        ("@timestamp:1001", "complete plan"),
        ("timestamp:>1001 trace_id:t-1", "search"),
        ("timestamp:>=1001 trace_id:t-1", "complete plan search"),
        ("timestamp:<1001", "answer"),
        ("timestamp:<=1001", "answer complete plan"),
        ("timestamp:[1001 TO 1002]", "complete plan search"),
        ("timestamp:2026-01-01T00:00:00Z", "orphan"),
        ("timestamp:>=2026-01-01T01:00:00+01:00", "orphan rank"),
        ("timestamp:[2026-01-01T00:00:00.001Z TO *]", "rank"),
    ]);
}
