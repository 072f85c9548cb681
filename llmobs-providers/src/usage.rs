//! Tokens and costs, as providers count them.

use crate::json::Json;

/// The tokens of a model call, as the provider counted them. A missing count is `None`.
///
/// Providers count the parts of the input and the output in different ways. Each way has its own field here, and
/// [`input_tokens`](Self::input_tokens), [`output_tokens`](Self::output_tokens) and [`total_tokens`](Self::total_tokens) return comparable
/// numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The input tokens, including those of the cache.
    pub input: Option<u64>,
    /// The input tokens without those of the cache, from a provider that counts them separately.
    pub uncached: Option<u64>,
    /// The input tokens that were read from the cache.
    pub cache_read: Option<u64>,
    /// The input tokens that were written to the cache.
    pub cache_write: Option<u64>,
    /// The input tokens that the cache keeps for five minutes.
    pub cache_write_5m: Option<u64>,
    /// The input tokens that the cache keeps for an hour.
    pub cache_write_1h: Option<u64>,
    /// The input tokens that tools of the provider added, from a provider that counts them separately.
    pub tool_input: Option<u64>,
    /// The input tokens that were audio.
    pub input_audio: Option<u64>,
    /// The input tokens that were images.
    pub input_image: Option<u64>,
    /// The input tokens that were videos.
    pub input_video: Option<u64>,
    /// The input tokens that were documents.
    pub input_document: Option<u64>,
    /// The output tokens, including those of reasoning.
    pub output: Option<u64>,
    /// The output tokens without those of reasoning, from a provider that counts them separately.
    pub visible_output: Option<u64>,
    /// The output tokens that were used for reasoning.
    pub reasoning: Option<u64>,
    /// The output tokens that were audio.
    pub output_audio: Option<u64>,
    /// The output tokens that were images.
    pub output_image: Option<u64>,
    /// The tokens of a prediction that the model used in the output.
    pub accepted_prediction: Option<u64>,
    /// The tokens of a prediction that the model did not use. They are also output tokens.
    pub rejected_prediction: Option<u64>,
    /// The input and output tokens together.
    pub total: Option<u64>,
}

/// The cost of a model call, in dollars. An unknown cost is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Cost {
    /// The cost of the input.
    pub input: Option<f64>,
    /// The cost of the output.
    pub output: Option<f64>,
    /// The cost of input and output together.
    pub total: Option<f64>,
}

/// A number of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tokens {
    /// A number that the provider counted.
    Counted(u64),
    /// The sum of numbers that the provider counted for parts.
    Added(u64),
}

impl Tokens {
    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        match self {
            Self::Counted(tokens) | Self::Added(tokens) => tokens,
        }
    }
}

/// Returns a count, unless it is zero: providers send these counts in every response, even without such tokens.
pub(crate) fn if_any(count: Option<u64>) -> Option<u64> {
    count.filter(|count| *count > 0)
}

/// Returns the sum of the counts that are set.
fn sum<const N: usize>(counts: [Option<u64>; N]) -> u64 {
    counts.into_iter().flatten().fold(0, u64::saturating_add)
}

impl Usage {
    /// Returns every count with its name.
    fn counts(&self) -> [(&'static str, Option<u64>); 19] {
        [
            ("input", self.input),
            ("uncached", self.uncached),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
            ("cache_write_5m", self.cache_write_5m),
            ("cache_write_1h", self.cache_write_1h),
            ("tool_input", self.tool_input),
            ("input_audio", self.input_audio),
            ("input_image", self.input_image),
            ("input_video", self.input_video),
            ("input_document", self.input_document),
            ("output", self.output),
            ("visible_output", self.visible_output),
            ("reasoning", self.reasoning),
            ("output_audio", self.output_audio),
            ("output_image", self.output_image),
            ("accepted_prediction", self.accepted_prediction),
            ("rejected_prediction", self.rejected_prediction),
            ("total", self.total),
        ]
    }

    /// Reads the form that this type serializes to.
    pub(crate) fn of_counts(json: &Json<'_>) -> Self {
        let mut usage = Self::default();
        let names = usage.counts().map(|(name, _)| name);
        for (count, name) in usage.counts_mut().into_iter().zip(names) {
            *count = json.count(name);
        }
        usage
    }

    fn counts_mut(&mut self) -> [&mut Option<u64>; 19] {
        [
            &mut self.input,
            &mut self.uncached,
            &mut self.cache_read,
            &mut self.cache_write,
            &mut self.cache_write_5m,
            &mut self.cache_write_1h,
            &mut self.tool_input,
            &mut self.input_audio,
            &mut self.input_image,
            &mut self.input_video,
            &mut self.input_document,
            &mut self.output,
            &mut self.visible_output,
            &mut self.reasoning,
            &mut self.output_audio,
            &mut self.output_image,
            &mut self.accepted_prediction,
            &mut self.rejected_prediction,
            &mut self.total,
        ]
    }

    /// Replaces counts with newer ones. If every event of a stream has counts, they are cumulative, and a zero is only a field that was not
    /// set.
    pub fn update(&mut self, newer: Self) {
        for (count, (_, newer)) in self.counts_mut().into_iter().zip(newer.counts()) {
            if let Some(newer) = newer
                && (newer > 0 || count.is_none())
            {
                *count = Some(newer);
            }
        }
    }

    /// Returns the counts together with those of another call or choice.
    pub(crate) fn plus(mut self, other: Self) -> Self {
        for (count, (_, other)) in self.counts_mut().into_iter().zip(other.counts()) {
            *count = other.map_or(*count, |other| Some(sum([*count, Some(other)])));
        }
        self
    }

    /// Counts reasoning separately from the output if the total shows that the output does not include it, as for xAI.
    pub(crate) fn with_reasoning_apart(mut self) -> Self {
        let parts = sum([self.input, self.output, self.reasoning]);
        if sum([self.reasoning]) > 0 && self.total == Some(parts) {
            self.visible_output = self.output.take();
        }
        self
    }

    /// Adds the counts of another step of the same call to the counts that are set.
    pub(crate) fn with_step(mut self, step: Self) -> Self {
        for (count, (_, step)) in self.counts_mut().into_iter().zip(step.counts()) {
            *count = count.map(|count| sum([Some(count), step]));
        }
        self
    }

    /// Returns whether no count is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the tokens of the whole input.
    #[must_use]
    pub fn input_tokens(&self) -> Option<Tokens> {
        match (self.input, self.uncached) {
            (Some(input), _) if sum([self.tool_input]) == 0 => Some(Tokens::Counted(input)),
            (Some(input), _) => Some(Tokens::Added(sum([Some(input), self.tool_input]))),
            (None, Some(uncached)) if sum([self.cache_read, self.cache_write]) == 0 => {
                Some(Tokens::Counted(uncached))
            }
            (None, Some(_)) => Some(Tokens::Added(sum([self.uncached, self.cache_read, self.cache_write]))),
            (None, None) => None,
        }
    }

    /// Returns the tokens of the whole output.
    #[must_use]
    pub fn output_tokens(&self) -> Option<Tokens> {
        match (self.output, self.visible_output, sum([self.reasoning])) {
            (Some(output), ..) => Some(Tokens::Counted(output)),
            (None, Some(visible), 0) => Some(Tokens::Counted(visible)),
            (None, Some(visible), reasoning) => Some(Tokens::Added(visible.saturating_add(reasoning))),
            (None, None, _) => None,
        }
    }

    /// Returns the tokens of input and output together.
    #[must_use]
    pub fn total_tokens(&self) -> Option<Tokens> {
        let added = || Some(self.input_tokens()?.get().saturating_add(self.output_tokens()?.get()));
        self.total.map(Tokens::Counted).or_else(|| added().map(Tokens::Added))
    }

    /// Returns the counts with the names from `ddtrace/llmobs/_constants.py` in dd-trace-py. Counts that are missing there have names that
    /// follow the same pattern.
    #[must_use]
    pub fn metrics(&self) -> Vec<(&'static str, u64)> {
        let number = |tokens: Option<Tokens>| tokens.map(Tokens::get);
        let counts = [
            ("input_tokens", number(self.input_tokens())),
            ("output_tokens", number(self.output_tokens())),
            ("total_tokens", number(self.total_tokens())),
            ("cache_read_input_tokens", self.cache_read),
            ("cache_write_input_tokens", self.cache_write),
            ("ephemeral_5m_input_tokens", self.cache_write_5m),
            ("ephemeral_1h_input_tokens", self.cache_write_1h),
            ("reasoning_output_tokens", self.reasoning),
            ("tool_input_tokens", self.tool_input),
            ("audio_input_tokens", self.input_audio),
            ("image_input_tokens", self.input_image),
            ("video_input_tokens", self.input_video),
            ("document_input_tokens", self.input_document),
            ("audio_output_tokens", self.output_audio),
            ("image_output_tokens", self.output_image),
            ("accepted_prediction_output_tokens", self.accepted_prediction),
            ("rejected_prediction_output_tokens", self.rejected_prediction),
        ];
        counts.into_iter().filter_map(|(name, count)| Some((name, count?))).collect()
    }
}

impl serde::Serialize for Usage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.counts().into_iter().filter_map(|(name, count)| Some((name, count?))))
    }
}

#[cfg(test)]
mod tests;
