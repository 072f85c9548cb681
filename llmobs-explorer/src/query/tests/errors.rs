//! The errors of texts that are not queries.

use crate::query::Query;

#[test]
fn an_error_has_its_column_and_a_hint() {
    let lines: Vec<&str> = ERRORS.trim().lines().collect();
    for lines in lines.chunks(2) {
        let error = Query::parse(lines[0]).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), lines.get(1).map(|line| line.trim()), "{}", lines[0]);
    }
}

#[test]
fn a_query_is_neither_too_long_nor_too_deep() {
    for (query, expected) in [
        ("x".repeat(4_001), "column 4001: the query is longer than 4000 characters; write a shorter one"),
        (
            format!("{}x{}", "(".repeat(65), ")".repeat(65)),
            "column 65: more than 64 nested parentheses; remove those that are not needed",
        ),
        (
            format!("a:{}", "(".repeat(3_000)),
            "column 67: more than 64 nested parentheses; remove those that are not needed",
        ),
    ] {
        assert_eq!(Query::parse(&query).unwrap_err().to_string(), expected);
    }
}

const ERRORS: &str = r#"
(a
    column 1: the parenthesis is not closed; close it with `)`, or write `\(` for a literal one
a (b OR (c)
    column 3: the parenthesis is not closed; close it with `)`, or write `\(` for a literal one
a)
    column 2: this parenthesis closes nothing; remove it, or write `\)` for a literal one
a) b
    column 2: this parenthesis closes nothing; remove it, or write `\)` for a literal one
()
    column 1: the parentheses are empty; write a condition in them, or remove them
a:()
    column 3: the parentheses are empty; write a condition in them, or remove them
a:(b
    column 3: the parenthesis is not closed; close it with `)`, or write `\(` for a literal one
"a
    column 1: the quote is not closed; close it with another `"`
@name:"a b
    column 7: the quote is not closed; close it with another `"`
a b"c
    column 4: the word contains a quote; write a space before the quote, or `\"`
"a"b
    column 4: text follows the closing quote directly; write a space after the quote, or `\"` for a quote in the text
@name:a"b
    column 8: the value contains `"`; quote the whole value, or write `\"`
@name:f(x)
    column 8: the value contains `(`; quote the whole value, or write `\(`
@name:"a"b
    column 10: text follows the closing quote directly; write a space after the quote, or `\"` for a quote in the text
a OR
    column 3: nothing follows `OR`; write a condition there, or the operator in lower case if it is a word
OR a
    column 1: nothing precedes `OR`; write a condition there, or the operator in lower case if it is a word
a AND
    column 3: nothing follows `AND`; write a condition there, or the operator in lower case if it is a word
AND a
    column 1: nothing precedes `AND`; write a condition there, or the operator in lower case if it is a word
a AND OR b
    column 3: nothing follows `AND`; write a condition there, or the operator in lower case if it is a word
a OR OR b
    column 3: nothing follows `OR`; write a condition there, or the operator in lower case if it is a word
NOT
    column 1: nothing follows `NOT`; write a condition there, or the operator in lower case if it is a word
a NOT
    column 3: nothing follows `NOT`; write a condition there, or the operator in lower case if it is a word
(a OR) b
    column 4: nothing follows `OR`; write a condition there, or the operator in lower case if it is a word
-
    column 1: nothing follows `-`; write it directly before the excluded term, or `\-` for a literal one
a - b
    column 3: nothing follows `-`; write it directly before the excluded term, or `\-` for a literal one
NOT AND a
    column 1: nothing follows `NOT`; write a condition there, or the operator in lower case if it is a word
@
    column 1: `@` has no path; write `@path:value`, or `"@"` to search for the text
@ name:x
    column 1: `@` has no path; write `@path:value`, or `"@"` to search for the text
@:x
    column 1: the path before the `:` is missing; write a path, such as `@name:value`
:x
    column 1: the key before the `:` is missing; write `key:value`, or `\:` for a literal one
@name
    column 1: `@name` has no value; write `@name:value`, `@name:*` for any value, or `"@name"` to search for the text
@duration>5s
    column 1: the `:` after `@duration` is missing; write it before the comparison, such as `@duration:>5`
@name:
    column 7: `@name` has no value; write `@name:value` without a space, `@name:*` for any value, or quotes around all of it to search for the text
@name: x
    column 7: `@name` has no value; write `@name:value` without a space, `@name:*` for any value, or quotes around all of it to search for the text
foo: bar
    column 5: `foo` has no value; write `foo:value` without a space, `foo:*` for any value, or quotes around all of it to search for the text
@duration:>
    column 12: `@duration` has no value; write `@duration:value` without a space, `@duration:*` for any value, or quotes around all of it to search for the text
@duration:> )
    column 13: `@duration` has no value; write `@duration:value` without a space, `@duration:*` for any value, or quotes around all of it to search for the text
@child.child.name:x
    column 1: this is not a field of other spans of the trace; write `@child.@path:value`
@child.@
    column 1: `@child.@` has no path; write `@child.@path:value`, or `"@child.@"` to search for the text
@child.@child.@name:x
    column 1: this is not a field of other spans of the trace; write `@child.@path:value`
@trace.foo:1
    column 1: there is no `@trace.foo`; write one of `@trace.total_tokens`, `@trace.input_tokens`, `@trace.output_tokens`, `@trace.llm_calls`, `@trace.tool_calls`, `@trace.number_of_tools`, `@trace.number_of_errors`
@trace.estimated_total_cost:>$1
    column 1: the costs of traces are not supported; write `@metrics.estimated_total_cost` for the costs of spans
@evaluation.:x
    column 1: `@evaluation.` has no label; write the label, such as `@evaluation.faithfulness.value`
@feedback..value:x
    column 1: `@feedback..value` has no label; write the label, such as `@evaluation.faithfulness.value`
_exists_:session_id
    column 1: `_exists_` is not part of this syntax; write `@path:*`
_missing_:session_id
    column 1: `_missing_` is not part of this syntax; write `-@path:*`
@duration:abc
    column 11: `abc` is not a duration; write a number and one of ns, us, ms, s, m and h, such as `500ms`
@duration:5x
    column 11: `5x` is not a duration; write a number and one of ns, us, ms, s, m and h, such as `500ms`
@duration:1e999
    column 11: `1e999` is not a duration; write a number and one of ns, us, ms, s, m and h, such as `500ms`
@duration:5*
    column 11: `@duration` is a number, which cannot contain `*` or `?`; write a number or a range, such as `[1 TO 5]`
@metrics.input_tokens:many
    column 23: `many` is not a number; write a number such as `100` or `0.5`
@metrics.input_tokens:>$5
    column 24: `$5` is not a number; write a number such as `100` or `0.5`
timestamp:yesterday
    column 11: `yesterday` is not a time; write milliseconds since 1970, or a date with a time and a zone, such as `2026-01-31T12:00:00Z`
timestamp:9223372036854775807
    column 11: `9223372036854775807` is not a time; write milliseconds since 1970, or a date with a time and a zone, such as `2026-01-31T12:00:00Z`
@metrics.estimated_total_cost:>cheap
    column 32: `cheap` is not a cost; write nanodollars such as `10000000`, or dollars such as `$0.01`
@metrics.time_to_first_token:>x
    column 31: `x` is not a duration; write a number and one of ns, us, ms, s, m and h, such as `500ms`
user_id:>x
    column 10: `x` is not a number; write a number such as `100` or `0.5`
@meta.metadata.x:>nan
    column 19: `nan` is not a number; write a number such as `100` or `0.5`
@name:>x
    column 8: `@name` is a text, which has no order; write `@name:value`, or `@name:va*`
@name:[a TO b]
    column 8: `@name` is a text, which has no order; write `@name:value`, or `@name:va*`
@session_id:[* TO *]
    column 14: `@session_id` is a text, which has no order; write `@session_id:value`, or `@session_id:va*`
@duration:[1s 2s]
    column 11: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
@duration:[1s TO 2s
    column 11: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
@duration:[1s TO]
    column 11: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
@duration:[ TO 5]
    column 11: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
@duration:[1s to 2s]
    column 11: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
@duration:[2s TO 1s]
    column 11: the range ends before it begins; write the smaller end first, such as `[1 TO 5]`
@duration:[x TO 1s]
    column 12: `x` is not a duration; write a number and one of ns, us, ms, s, m and h, such as `500ms`
@duration:[1 TO 2]s
    column 11: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
a:[b]
    column 3: this is not a range; write `[1 TO 5]`, with `*` for an open end, or quote a value that begins with `[`
ba*d
    column 1: `*` is only allowed at the end of a word; write the beginning of the word, or `\*` for a literal one
*bad
    column 1: `*` is only allowed at the end of a word; write the beginning of the word, or `\*` for a literal one
na*me:x
    column 1: the name of a field cannot contain `*` or `?`; write the name in full, or `\*` and `\?` for literal ones
na?me:x
    column 1: the name of a field cannot contain `*` or `?`; write the name in full, or `\*` and `\?` for literal ones
a\
    column 2: nothing follows the backslash; write `\\` for a backslash
@a:b\
    column 5: nothing follows the backslash; write `\\` for a backslash
@a\
    column 3: nothing follows the backslash; write `\\` for a backslash
a:(b OR)
    column 6: nothing follows `OR`; write a condition there, or the operator in lower case if it is a word
a:(>x)
    column 5: `x` is not a number; write a number such as `100` or `0.5`
ä (ö OR "
    column 9: the quote is not closed; close it with another `"`
"#;
