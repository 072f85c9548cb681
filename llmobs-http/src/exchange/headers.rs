//! The data that only the headers of a response have.

use llmobs_providers::Response;

/// The data that Amazon Bedrock sends in headers: the name of an error, and the tokens that it counted, even if the model reports none.
#[derive(Debug, Default)]
pub(super) struct Headers {
    error: Option<String>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

impl Headers {
    pub(super) fn read<'h>(header: impl Fn(&'static str) -> Option<&'h str>) -> Self {
        let count = |name| header(name)?.trim().parse().ok();
        // A name can be in a namespace, and can be followed by the address of a page.
        let name =
            |text: &str| text.split(':').next().and_then(|name| name.rsplit('#').next()).map(str::to_owned);
        Self {
            error: header("x-amzn-errortype").and_then(name),
            input_tokens: count("x-amzn-bedrock-input-token-count"),
            // An embedding has no output tokens.
            output_tokens: count("x-amzn-bedrock-output-token-count").filter(|count| *count > 0),
            cache_read_tokens: count("x-amzn-bedrock-cache-read-input-token-count"),
            cache_write_tokens: count("x-amzn-bedrock-cache-write-input-token-count"),
        }
    }

    /// Adds the data that the body does not have.
    pub(super) fn add_to(&self, response: &mut Response) {
        if let (Some(error), Some(name)) = (&mut response.error, &self.error)
            && error.kind.is_empty()
        {
            error.kind.clone_from(name);
        }
        let usage = &mut response.usage;
        if usage.input.is_none() && usage.uncached.is_none() {
            let has_cache = self.cache_read_tokens.or(self.cache_write_tokens).is_some();
            // Tokens of the cache are counted separately.
            *(if has_cache { &mut usage.uncached } else { &mut usage.input }) = self.input_tokens;
            usage.cache_read = usage.cache_read.or(self.cache_read_tokens);
            usage.cache_write = usage.cache_write.or(self.cache_write_tokens);
        }
        if usage.output.is_none() && usage.visible_output.is_none() {
            usage.output = self.output_tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_errors_are_extracted_from_their_values() {
        for text in [
            "ThrottlingException",
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            "com.amazon.bedrock#ThrottlingException",
        ] {
            let headers = Headers::read(|name| (name == "x-amzn-errortype").then_some(text));
            assert_eq!(headers.error.as_deref(), Some("ThrottlingException"), "{text}");
        }
    }

    #[test]
    fn tokens_of_the_cache_are_counted_separately() {
        let headers = Headers::read(|name| match name {
            "x-amzn-bedrock-input-token-count" => Some("3"),
            "x-amzn-bedrock-cache-read-input-token-count" => Some("4"),
            "x-amzn-bedrock-output-token-count" => Some("5"),
            _ => None,
        });
        let mut response = Response::default();
        headers.add_to(&mut response);
        let counted =
            [("input_tokens", 7), ("output_tokens", 5), ("total_tokens", 12), ("cache_read_input_tokens", 4)];
        assert_eq!(response.usage.metrics(), counted);

        // The body takes precedence.
        let mut counted = Response::default();
        counted.usage.input = Some(1);
        counted.usage.output = Some(2);
        headers.add_to(&mut counted);
        assert_eq!(counted.usage.metrics(), [("input_tokens", 1), ("output_tokens", 2), ("total_tokens", 3)]);
    }
}
