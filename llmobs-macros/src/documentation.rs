//! The table of options in the documentation of each attribute.

/// The options that the attribute of a kind takes, as a Markdown section.
macro_rules! options_section {
    (agent) => {
        options_section!(@ "| `version = …` | The version of the agent. |\n")
    };
    (llm) => { options_section!(model) };
    (embedding) => { options_section!(model) };
    (model) => {
        options_section!(@
            "| `model_name = …` | The name of the model, such as `\"gpt-4o\"`. |\n\
             | `model_provider = …` | The provider of the model, such as `\"openai\"`. |\n"
        )
    };
    ($kind:ident) => { options_section!(@ "") };
    (@ $own:literal) => {
        concat!(
            "# Options\n\n\
             | option | meaning |\n\
             |---|---|\n\
             | `name = …` | The name of the span. Default: the name of the function. |\n\
             | `session_id = …` | The session of this span and of the spans inside it, such as one conversation. Default: the session of the parent, else the first one that is set in the trace. |\n\
             | `ml_app = …` | The application of this span and of the spans inside it. Default: the application of the parent, else the configured one. |\n",
            $own,
            "| `inputs(a, b)` | Captures only these arguments. The only way to capture `self`. |\n\
             | `skip(a, b)` | Does not capture these arguments. |\n\
             | `skip_all` | Captures no arguments. |\n\
             | `redact(a, b)` | Records `[redacted]` in place of the values of these arguments. |\n\
             | `input = …` | Captures this value in place of the arguments. |\n\
             | `output = …` | Captures this value in place of the returned value. |\n\
             | `skip_output` | Does not capture the returned value. |\n\
             | `skip_error` | Records only the type of an error or a panic, without its message and its sources. |\n\
             | `tags(key = …)` | Adds tags. |\n\
             | `metadata(key = …)` | Adds metadata: any value that can be captured. |\n\
             | `metrics(key = …)` | Adds metrics: numbers, or an `Option` of one. |\n\
             | `parent = …` | The parent of the span: a `Context` or a `Span`, a reference to one, or an `Option` of one. Default: the current span. |\n\
             | `future`, `iterator`, `stream` | The function returns a future, an iterator or a stream, which its signature hides behind a type alias. |\n\
             | `fold = …` | The function or closure that combines the items of an iterator or a stream into the output. |\n\
             | `crate = …` | The path of the crate llmobs. Default: `::llmobs`. |\n\
             \n\
             A value is any expression. It can use the arguments, which it borrows, and it is evaluated once, before the body, and only if the call is recorded. \
             The values of `output`, `tags`, `metadata` and `metrics` can also use `ret`: a reference to the returned value, or to the value in its `Ok`. \
             The [guide](https://docs.rs/llmobs/latest/llmobs/guide/attributes/index.html#options) has an example of each option."
        )
    };
}

#[cfg(test)]
mod tests {
    use crate::options::{Kind, names_of};

    /// Returns the options in the first column of a table.
    fn documented(section: &str) -> Vec<&str> {
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let cells = rows.filter_map(|row| row.split(" | ").next());
        let options = cells.flat_map(|cell| cell.split("`, `"));
        options.map(|option| option.split(['(', ' ', '`']).next().unwrap_or_default()).collect()
    }

    #[test]
    fn the_table_of_each_attribute_has_exactly_its_options() {
        let sections = [
            (Kind::Workflow, options_section!(workflow)),
            (Kind::Agent, options_section!(agent)),
            (Kind::Task, options_section!(task)),
            (Kind::Tool, options_section!(tool)),
            (Kind::Llm, options_section!(llm)),
            (Kind::Embedding, options_section!(embedding)),
            (Kind::Retrieval, options_section!(retrieval)),
        ];
        for (kind, section) in sections {
            let mut documented = documented(section);
            let mut taken: Vec<&str> = names_of(kind).collect();
            documented.sort_unstable();
            taken.sort_unstable();
            assert_eq!(documented, taken, "{kind:?}");
        }
    }
}
