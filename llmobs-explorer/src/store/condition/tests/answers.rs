//! Operators, attributes, tags, texts, other spans of the trace, evaluations.

use super::check;

#[test]
fn operators_bind_as_in_datadog() {
    check(&[
        ("@name:plan OR @name:rank", "plan rank"),
        ("@trace_id:t-1 @meta.span.kind:tool", "search"),
        ("@trace_id:t-1 AND @meta.span.kind:tool", "search"),
        ("@name:plan OR @trace_id:t-1 @meta.span.kind:tool", "plan search"),
        ("(@name:plan OR @trace_id:t-1) AND @meta.span.kind:tool", "search"),
        ("NOT @trace_id:t-1 AND @meta.span.kind:tool", "lookup orphan"),
        ("-@trace_id:t-1 @meta.span.kind:tool", "lookup orphan"),
        ("NOT(@trace_id:t-1)AND(@meta.span.kind:tool)", "lookup orphan"),
        ("-(@trace_id:t-1 OR @trace_id:t-3) -@trace_id:t-4", "draft polish"),
        ("((@name:plan))", "plan"),
        ("  @name:plan\n\t", "plan"),
        // The test agent parses this incorrectly.
        ("NOT NOT @name:plan", "plan"),
        ("--@name:plan", "plan"),
        ("NOT -@name:plan", "plan"),
        ("@name:plan OR *", ALL),
        ("@name:plan AND *", "plan"),
        ("-*", ""),
        ("*", ALL),
        ("", ALL),
        ("(*)", ALL),
    ]);
}

const ALL: &str = "answer complete draft embed judge lookup orphan plan polish rank search triage";

#[test]
fn attributes_are_found_by_path() {
    check(&[
        ("@meta.metadata.options.mode:aXbYc\\[d]", "draft"),
        ("@meta.metadata.options.mode:\"aXbYc[d]\"", "draft"),
        ("@meta.metadata.options.mode:a*b?c*", "complete draft"),
        ("@meta.metadata.options.mode:\"a*b?c[d]\"", "complete"),
        ("@meta.metadata.options.mode:a\\*b\\?c[d]", "complete"),
        ("@meta.metadata.options.mode:a\\**", "complete"),
        ("@meta.metadata.options.mode:*[d]", "complete draft"),
        ("@meta.metadata.options.mode:\"say \\\"hi\\\" \\\\ now\"", "judge"),
        ("@meta.metadata.options.mode:\"say \\\"hi\\\" \\ now\"", "judge"),
        ("@meta.metadata.options.mode:*", "complete draft judge"),
        ("-@meta.metadata.options.mode:* @meta.span.kind:(llm OR tool)", "lookup orphan search"),
        ("@meta.metadata.temperature:0.2", "complete"),
        ("@meta.metadata.temperature:\"0.2\"", ""),
        ("@meta.metadata.temperature:1.0", "draft"),
        ("@meta.metadata.temperature:hot", "judge"),
        ("@meta.metadata.temperature:>0.5", "draft"),
        ("@meta.metadata.temperature:[0 TO 1]", "complete draft"),
        ("-@meta.metadata.temperature:[0 TO 1] @meta.span.kind:llm", "judge"),
        ("@metrics.reasoning_output_tokens:64", "complete"),
        ("@metrics.reasoning_output_tokens:(>10 <100)", "complete"),
        ("@collection_errors:otel_warning_*", "embed"),
        ("@_dd.scope:experiments", "rank"),
        ("@meta.metadata.unknown:*", ""),
        ("@\\meta.metadata\\.temperature:hot", "judge"),
    ]);
}

#[test]
fn estimated_costs_are_nanodollars_or_dollars() {
    check(&[
        ("@metrics.estimated_total_cost:10000000", "draft"),
        ("@metrics.estimated_total_cost:$0.01", "draft"),
        ("@metrics.estimated_total_cost:>$0.01", "complete"),
        ("@metrics.estimated_total_cost:[$0.01 TO $1]", "complete draft"),
        ("@metrics.audio_cost:>0.2", "embed"),
    ]);
}

#[test]
fn tags_are_found_without_an_at_sign() {
    check(&[
        ("team:blue", "answer"),
        // The test agent sees only the first of repeated tags.
        ("team:green", "answer"),
        ("team:(blue green)", "answer"),
        ("team:(blue OR Blue)", "answer draft"),
        ("team:(NOT blue) team:*", "draft"),
        ("team:?lue", "answer draft"),
        ("@tag.team:blue", "answer"),
        ("tags:\"urgent\"", "answer"),
        ("tags:urgent", "answer"),
        ("tags:urg*", "answer"),
        ("tags:\"team:blue\"", "answer"),
        ("tags:te*:*lue", "answer draft"),
        ("tags:te*", "answer draft"),
        ("tags:team", ""),
        ("tags:* @trace_id:t-3", "lookup triage"),
        ("urgent:\"\"", "answer"),
        ("urgent:*", "answer"),
        // These are different tags, not two forms of one number.
        ("user_id:7", "answer"),
        ("version:1.1", "polish"),
        ("user_id:>7", "lookup"),
        ("user_id:[7 TO 99]", "answer plan"),
        ("-user_id:>=7 @trace_id:t-1", "complete search"),
        ("env:odd", ""),
        ("@tag.env:odd", "lookup"),
        ("message:m:7", "triage"),
        ("url:http://x/y\\?z=1", "triage"),
        ("url:http*", "triage"),
    ]);
}

#[test]
fn texts_are_found_by_words() {
    check(&[
        ("hello", "answer complete"),
        ("HELLO world", "answer complete"),
        ("\"hello world\"", "answer"),
        ("\"hello world\" OR koln", "answer judge"),
        ("gruße KOLN", "judge"),
        ("hello -costs", "answer"),
        ("hallo*", "draft"),
        ("hallo", ""),
        ("100%", "complete"),
        ("world?", "answer complete"),
        // The test agent takes these for tags and for an operator.
        ("\"foo: bar\"", "search"),
        ("http://x.org/a", "draft"),
        ("foo or bar", "search triage"),
        ("foo not", "search"),
        ("don't", "embed"),
        ("say\\ \\\"cheese\\\"", "embed"),
        ("\"AND\"", "search"),
        ("NEAR", "search"),
        // There are no words to search for.
        ("\"!!!\"", ""),
        (">", ""),
        ("[INST]", ""),
        ("@trace_id:t-1 -\"!!!\" -hello", "plan search"),
    ]);
}

#[test]
fn other_spans_of_the_trace_are_found() {
    check(&[
        ("@child.@status:error", "answer complete plan search"),
        ("@child.@status:error @parent_id:undefined", "answer"),
        ("-@child.@meta.span.kind:tool @parent_id:undefined", "draft"),
        ("@child.@meta.model_name:(claude OR gpt-4o) @parent_id:undefined", "answer triage"),
        ("@child.@name:draft", ""),
        ("@child.@tag.env:odd @parent_id:undefined", "triage"),
        ("@child.user_id:100 @parent_id:undefined", "triage"),
        ("-@child.user_id:* @child.version:1.1 @parent_id:undefined", "draft"),
        ("@child.env:staging @parent_id:undefined", "draft"),
        ("@child.user_id:7", ""),
        ("@child.@collection_errors:* @parent_id:undefined", "triage"),
        ("@child.@evaluation.faithful:>0.9 @parent_id:undefined", "answer"),
        ("@child.@trace.number_of_errors:1 @parent_id:undefined", "answer"),
        ("@child.@parent_id:undefined", ""),
    ]);
}

#[test]
fn evaluations_are_found_at_their_targets() {
    check(&[
        ("@evaluation.faithful.value:*", "complete draft"),
        ("@evaluation.faithful.value:0.930", "complete"),
        ("@evaluation.faithful.value:\"0.93\"", "complete"),
        ("@evaluation.faithful.value:>=0.5", "complete draft"),
        ("-@evaluation.faithful.value:>=0.9 @meta.span.kind:llm", "draft judge"),
        ("@evaluation.faithful.assessment:fail", "draft"),
        ("@evaluation.faithful.reasoning:Every*", "complete"),
        ("@evaluations.faithful:<0.9", "draft"),
        ("@evaluations.custom.faithful:<0.9", "draft"),
        ("@evaluation.external.faithful.value:<0.9", "draft"),
        ("@evaluation.tone.value:polite", "judge"),
        ("@evaluation.tone.value:(rude OR pol*)", "judge"),
        ("@evaluation.found.value:true", "rank"),
        ("@evaluation.found.value:1", "rank"),
        ("@evaluation.found.value:false", "rank search"),
        ("@evaluation.done.value:yes", "draft polish"),
        ("@evaluation.calm.value:true", "embed judge lookup triage"),
        ("@evaluation.by.tag.value:[1 TO 3]", "triage"),
        ("@evaluation.unknown.value:*", ""),
        ("@feedback.thumbs.value:up @parent_id:undefined", "answer"),
        ("@feedback.thumbs.assessment:pass @parent_id:undefined", "answer"),
        ("@feedback.faithful.value:*", "orphan"),
        ("@feedback.tone.value:*", ""),
    ]);
}
