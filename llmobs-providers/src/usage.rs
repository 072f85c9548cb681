//! Tokens, as the providers count them.

/// How many tokens a call of a model used. For each kind it is the last count: where every event of a stream has one, it
/// counts from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the input.
    pub input: Option<u64>,
    /// Tokens of the input without those of the cache, from a provider that counts them separately.
    pub uncached: Option<u64>,
    /// Tokens of the output.
    pub output: Option<u64>,
    /// Tokens of input and output together.
    pub total: Option<u64>,
    /// Tokens of the input that were read from the cache.
    pub cache_read: Option<u64>,
    /// Tokens of the input that were written to the cache.
    pub cache_write: Option<u64>,
    /// Tokens of the output that were used for reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Replaces the counts that are newer.
    pub fn update(&mut self, newer: Self) {
        *self = Self {
            input: newer.input.or(self.input),
            uncached: newer.uncached.or(self.uncached),
            output: newer.output.or(self.output),
            total: newer.total.or(self.total),
            cache_read: newer.cache_read.or(self.cache_read),
            cache_write: newer.cache_write.or(self.cache_write),
            reasoning: newer.reasoning.or(self.reasoning),
        };
    }

    /// The counts under the names of `ddtrace/llmobs/_constants.py` in dd-trace-py.
    ///
    /// Parts of the input that are counted separately are added up, and so is the total, as in
    /// `AnthropicIntegration._extract_usage`.
    #[must_use]
    pub fn metrics(&self) -> Vec<(&'static str, u64)> {
        let cached = [self.cache_read, self.cache_write].into_iter().flatten();
        let sum = self.uncached.map(|uncached| cached.fold(uncached, u64::saturating_add));
        let total = sum.zip(self.output).map(|(input, output)| input.saturating_add(output));
        let counts = [
            ("input_tokens", sum.or(self.input)),
            ("output_tokens", self.output),
            ("total_tokens", total.or(self.total)),
            ("cache_read_input_tokens", self.cache_read),
            ("cache_write_input_tokens", self.cache_write),
            ("reasoning_output_tokens", self.reasoning),
        ];
        counts.into_iter().filter_map(|(name, count)| Some((name, count?))).collect()
    }
}

#[cfg(test)]
mod tests;
