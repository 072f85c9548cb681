//! Tokens as the providers count them.

/// The last count of each sort: where every event carries one, it counts from the beginning.
#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) input: Option<u64>,
    /// The input that no cache took part in, from a provider that counts it apart.
    pub(super) uncached: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) cache_read: Option<u64>,
    pub(super) cache_write: Option<u64>,
    pub(super) reasoning: Option<u64>,
}

impl Usage {
    /// Takes what is newer.
    pub(super) fn update(&mut self, newer: Self) {
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

    /// What was counted, under the names of `ddtrace/llmobs/_constants.py` in dd-trace-py.
    ///
    /// Input that was counted apart is added up, and the total with it, as `AnthropicIntegration._extract_usage` does.
    pub(super) fn metrics(&self) -> Vec<(&'static str, u64)> {
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
