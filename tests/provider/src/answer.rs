//! The answer to a conversation, independent of the form of a provider.

use serde_json::{Map, Value};

use crate::behaviour::Behaviour;
use crate::schema;

/// The author of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    System,
    User,
    /// The model, with a text or a call.
    Assistant,
    /// The result of a tool.
    Result,
}

/// A function that the model may call.
#[derive(Debug)]
pub(crate) struct Tool {
    name: String,
    description: String,
    parameters: Value,
}

/// A conversation that waits for an answer.
#[derive(Debug, Default)]
pub(crate) struct Question {
    turns: Vec<(Role, String)>,
    tools: Vec<Tool>,
    /// The schema that the answer must match.
    schema: Option<Value>,
}

/// The output of the model.
#[derive(Debug)]
pub(crate) enum Output {
    Text(String),
    /// A text that ends at the limit of tokens.
    Cut(String),
    Refusal(String),
    Call {
        name: String,
        arguments: Value,
    },
}

/// The thoughts and the output of the model.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) thinking: Option<String>,
    pub(crate) output: Output,
    pub(crate) usage: Usage,
}

/// Token counts; tokens are words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Including cached tokens.
    pub(crate) input: usize,
    pub(crate) cached: usize,
    /// Including tokens of reasoning.
    pub(crate) output: usize,
    pub(crate) reasoning: usize,
}

impl Question {
    pub(crate) fn turn(&mut self, role: Role, text: impl Into<String>) {
        self.turns.push((role, text.into()));
    }

    /// Adds the tools of a request that are functions. `parameters` is the field with the schema.
    pub(crate) fn tools<'a>(&mut self, functions: impl Iterator<Item = &'a Value>, parameters: &str) {
        self.tools.extend(functions.filter_map(|function| {
            Some(Tool {
                name: function["name"].as_str()?.to_owned(),
                description: function["description"].as_str().unwrap_or_default().to_owned(),
                parameters: function[parameters].clone(),
            })
        }));
    }

    /// Keeps the tools that the request lets the model choose from.
    pub(crate) fn tool_choice(&mut self, choice: &Value) {
        if *choice == "none" || choice["type"] == "none" {
            self.tools.clear();
        }
        if let Some(name) = choice["name"].as_str().or(choice["function"]["name"].as_str()) {
            self.tools.retain(|tool| tool.name == name);
        }
    }

    /// Sets the schema that the answer must match.
    pub(crate) fn schema(&mut self, schema: &Value) {
        self.schema = schema.is_object().then(|| schema.clone());
    }

    pub(crate) fn answer(&self, behaviour: &Behaviour) -> Answer {
        let thinking =
            (*behaviour == Behaviour::Thinking).then(|| format!("The user said: {}", self.user_text()));
        let output = self.output(behaviour);
        let reasoning = thinking.as_deref().map_or(0, count);
        let visible = match &output {
            Output::Text(text) | Output::Cut(text) | Output::Refusal(text) => count(text),
            Output::Call { name, arguments } => count(name) + count(&arguments.to_string()),
        };
        let usage = Usage {
            input: self.turns.iter().map(|(_, text)| count(text)).sum(),
            cached: self.of(Role::System).map(count).sum(),
            output: reasoning + visible,
            reasoning,
        };
        Answer { thinking, output, usage }
    }

    fn output(&self, behaviour: &Behaviour) -> Output {
        if *behaviour == Behaviour::Refusal {
            return Output::Refusal("I'm sorry, but I can't assist with that.".to_owned());
        }
        if *behaviour == Behaviour::Length {
            let text = self.text();
            return Output::Cut(pieces(&text).into_iter().take(count(&text).div_ceil(2)).collect());
        }
        let is_answered = matches!(self.turns.last(), Some((Role::Result, _)));
        if let Some(tool) = self.tool().filter(|_| !is_answered) {
            let arguments = schema::instance(&tool.parameters, &subject(self.user_text()));
            // Arguments are an object, regardless of the schema.
            let arguments = if arguments.is_object() { arguments } else { Map::new().into() };
            return Output::Call { name: tool.name.clone(), arguments };
        }
        if let Some(schema) = &self.schema {
            return Output::Text(schema::instance(schema, &subject(self.user_text())).to_string());
        }
        Output::Text(self.text())
    }

    fn text(&self) -> String {
        let after = self.turns.iter().rposition(|(role, _)| *role != Role::Result).map_or(0, |last| last + 1);
        let results: Vec<&str> = self.turns.iter().skip(after).map(|(_, result)| result.as_str()).collect();
        match results.as_slice() {
            [] => format!("You said: {}", self.user_text()),
            [result] => format!("The result is: {result}"),
            results => format!("The results are: {}", results.join(", ")),
        }
    }

    /// Returns the first tool that has a word in common with the question, or else the first one.
    fn tool(&self) -> Option<&Tool> {
        let words = meaningful(self.user_text());
        let matches = |tool: &&Tool| {
            meaningful(&format!("{} {}", tool.name, tool.description)).iter().any(|word| words.contains(word))
        };
        self.tools.iter().find(matches).or(self.tools.first())
    }

    /// Returns the last text of the user.
    fn user_text(&self) -> &str {
        self.of(Role::User).last().unwrap_or_default()
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &str> {
        self.turns.iter().filter(move |(of, _)| *of == role).map(|(_, text)| text.as_str())
    }
}

/// Returns the text of a message's content, which is a string or a list of parts. Parts without a text are left out.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.as_str().or(part["text"].as_str()));
            texts.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// Returns the words of a text, each with the space before it.
pub(crate) fn pieces(mut text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let word = text.find(|char: char| !char.is_whitespace()).unwrap_or(text.len());
        let (space, rest) = text.split_at(word);
        let end = space.len() + rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (piece, rest) = text.split_at(end);
        pieces.push(piece);
        text = rest;
    }
    pieces
}

/// The parts of arguments in a stream.
pub(crate) fn arguments_pieces(arguments: &Value) -> Vec<String> {
    let chars: Vec<char> = arguments.to_string().chars().collect();
    chars.chunks(8).map(|piece| piece.iter().collect()).collect()
}

/// Returns the number of words of a text.
pub(crate) fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Words without information about the subject of a question.
const COMMON: [&str; 20] = [
    "and", "are", "can", "does", "for", "from", "get", "given", "has", "how", "into", "its", "please",
    "that", "the", "this", "what", "where", "with", "you",
];

/// Returns the words of a text that may name its subject, in lower case.
fn meaningful(text: &str) -> Vec<String> {
    let words = text.split(|char: char| !char.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.len() > 2 && !COMMON.contains(&word.as_str())).collect()
}

/// Returns the subject of a question: the last capitalized words that do not begin a sentence, or else the last word.
fn subject(question: &str) -> String {
    let bare = |word| str::trim_matches(word, |char: char| !char.is_alphanumeric());
    let (mut name, mut continues, mut begins_sentence) = (Vec::new(), false, true);
    for word in question.split_whitespace() {
        let is_name = !begins_sentence && bare(word).len() > 1 && bare(word).starts_with(char::is_uppercase);
        if is_name && !continues {
            name.clear();
        }
        if is_name {
            name.push(bare(word));
        }
        continues = is_name && word.ends_with(char::is_alphanumeric);
        begins_sentence = word.ends_with(['.', '?', '!', ':']);
    }
    if name.is_empty() {
        question.split_whitespace().last().map(bare).unwrap_or_default().to_owned()
    } else {
        name.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Output, Question, Role, pieces, subject};
    use crate::behaviour::Behaviour;

    #[test]
    fn the_subject_of_a_question_is_its_last_name_or_word() {
        for (question, expected) in [
            ("What is the weather in Paris?", "Paris"),
            ("How far is it from Rome to New York City, please?", "New York City"),
            ("Paris, London: which is nearer?", "London"),
            ("Where am I", "I"),
            ("Where is order a-17?", "a-17"),
            ("Look. Where is it?", "it"),
            ("", ""),
        ] {
            assert_eq!(subject(question), expected, "{question}");
        }
    }

    /// The name of the tool that is called, or the text.
    fn answer(turns: &[(Role, &str)], choice: &Value) -> String {
        let tools = json!([
            {"name": "add_numbers"},
            {"name": "weather", "description": "What it is like in the sky"},
            {"name": "find", "description": "Where things are, such as orders"},
        ]);
        let mut question = Question::default();
        for (role, text) in turns {
            question.turn(*role, *text);
        }
        question.tools(tools.as_array().into_iter().flatten(), "parameters");
        question.tool_choice(choice);
        match question.answer(&Behaviour::Answer).output {
            Output::Call { name, .. } => name,
            Output::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_tool_that_shares_a_word_with_the_question_is_called() {
        for (text, expected) in [
            ("Add them", "add_numbers"),
            ("What is the sky like?", "weather"),
            ("Where are my orders?", "find"),
            ("What is it?", "add_numbers"),
        ] {
            assert_eq!(answer(&[(Role::User, text)], &Value::Null), expected, "{text}");
        }
    }

    #[test]
    fn a_request_can_choose_the_tool() {
        for (choice, expected) in [
            (json!("auto"), "weather"),
            (json!("none"), "You said: Sky"),
            (json!({"type": "none"}), "You said: Sky"),
            (json!({"type": "function", "function": {"name": "find"}}), "find"),
            (json!({"type": "tool", "name": "find"}), "find"),
        ] {
            assert_eq!(answer(&[(Role::User, "Sky")], &choice), expected, "{choice}");
        }
    }

    #[test]
    fn results_are_repeated_until_the_next_question() {
        let results = [
            (Role::User, "Sky"),
            (Role::Assistant, "weather"),
            (Role::Result, "blue"),
            (Role::Result, "grey"),
        ];
        let next = [&results[..], &[(Role::Assistant, "Blue."), (Role::User, "Add")]].concat();
        assert_eq!(answer(&results[..3], &Value::Null), "The result is: blue");
        assert_eq!(answer(&results, &Value::Null), "The results are: blue, grey");
        assert_eq!(answer(&next, &Value::Null), "add_numbers");
    }

    #[test]
    fn pieces_are_words_with_the_preceding_space() {
        assert_eq!(pieces(" a  b\nc "), [" a", "  b", "\nc", " "]);
        assert_eq!(pieces(""), [""; 0]);
    }
}
