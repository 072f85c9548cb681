impl Model {
    async fn complete(
        &self,
        #[cfg(feature = "images")]
        image: Image,
        prompt: &str,
    ) -> impl Reply {
        let mut __llmobs_call = ::llmobs::__private::Call::new(
            ::llmobs::__private::Kind::Llm,
            "complete",
        );
        if let ::core::option::Option::Some(__llmobs_setup) = __llmobs_call.setup() {
            use ::llmobs::__private::ways::*;
            #[cfg(feature = "images")]
            (&&&::llmobs::__private::Value(&image))
                .__llmobs_capture(__llmobs_setup.argument("image"));
            (&&&::llmobs::__private::Value(&prompt))
                .__llmobs_capture(__llmobs_setup.argument("prompt"));
            __llmobs_setup
                .model_name(|| {
                    (&&&::llmobs::__private::Text(&(self.model))).__llmobs_text()
                });
        }
        __llmobs_call.begin();
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
        if let ::core::option::Option::Some(mut __llmobs_ending) = __llmobs_call.end() {
            use ::llmobs::__private::ways::*;
            match (&&::llmobs::__private::Outcome(&__llmobs_returned)).__llmobs_split() {
                ::core::result::Result::Ok(_) => {}
                ::core::result::Result::Err(__llmobs_error) => {
                    __llmobs_ending
                        .error(
                            (&&&&&&&::llmobs::__private::Failed(__llmobs_error))
                                .__llmobs_failure(),
                        )
                }
            }
        }
        __llmobs_returned
    }
}
