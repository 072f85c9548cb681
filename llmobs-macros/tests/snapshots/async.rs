impl Model {
    async fn complete(
        &self,
        #[cfg(feature = "images")]
        image: Image,
        prompt: &str,
    ) -> impl Reply {
        let __llmobs_call = ::llmobs::__private::Call::start(
            ::llmobs::__private::Kind::Llm,
            "complete",
            |__llmobs_setup| {
                use ::llmobs::__private::ways::*;
                __llmobs_setup
                    .model_name(
                        (&&&::llmobs::__private::Text(&(self.model))).__llmobs_text(),
                    );
                #[cfg(feature = "images")]
                (&&&::llmobs::__private::Value(&image))
                    .__llmobs_capture(__llmobs_setup.argument("image"));
                (&&&::llmobs::__private::Value(&prompt))
                    .__llmobs_capture(__llmobs_setup.argument("prompt"));
            },
        );
        let __llmobs_returned = ::llmobs::__private::Call::run_async(
                &__llmobs_call,
                async move {
                    #[cfg(feature = "images")]
                    let image = image;
                    let prompt = prompt;
                    match () {
                        () => self.client.send(prompt).await,
                    }
                },
            )
            .await;
        __llmobs_call
            .finish(|__llmobs_ending| {
                use ::llmobs::__private::ways::*;
                match (&&::llmobs::__private::Outcome(&__llmobs_returned))
                    .__llmobs_split()
                {
                    ::core::result::Result::Ok(_) => {}
                    ::core::result::Result::Err(__llmobs_error) => {
                        __llmobs_ending
                            .error(
                                (&&&&&&&::llmobs::__private::Failed(__llmobs_error))
                                    .__llmobs_failure(),
                            )
                    }
                }
            });
        __llmobs_returned
    }
}
