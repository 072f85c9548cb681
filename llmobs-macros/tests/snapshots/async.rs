impl Model {
    async fn complete(
        &self,
        #[cfg(feature = "images")]
        image: Image,
        prompt: &str,
    ) -> impl Reply {
        let __llmobs_call = ::llmobs::__private_0_1_0::Call::enter(
            ::llmobs::__private_0_1_0::Kind::Llm,
            "complete",
            |__llmobs_setup| {
                ::llmobs::__private_0_1_0::Setup::own_output(__llmobs_setup);
                #[cfg(feature = "images")]
                ::llmobs::__private_0_1_0::Value::new(&image)
                    .__llmobs_capture(
                        ::llmobs::__private_0_1_0::Setup::argument(
                            __llmobs_setup,
                            ",\"image\":",
                        ),
                    );
                ::llmobs::__private_0_1_0::Value::new(&prompt)
                    .__llmobs_capture(
                        ::llmobs::__private_0_1_0::Setup::argument(
                            __llmobs_setup,
                            ",\"prompt\":",
                        ),
                    );
                ::llmobs::__private_0_1_0::Setup::model_name(
                    __llmobs_setup,
                    || {
                        ::llmobs::__private_0_1_0::Text::new(&(self.model))
                            .__llmobs_text()
                    },
                );
            },
        );
        let __llmobs_returned = ::llmobs::__private_0_1_0::Call::run_async(
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
        ::llmobs::__private_0_1_0::Call::end(
            __llmobs_call,
            |__llmobs_ending| {
                match ::llmobs::__private_0_1_0::Outcome::new(&__llmobs_returned)
                    .__llmobs_split()
                {
                    ::core::result::Result::Ok(_) => {}
                    ::core::result::Result::Err(__llmobs_error) => {
                        ::llmobs::__private_0_1_0::Ending::error(
                            __llmobs_ending,
                            |__llmobs_sink| {
                                ::llmobs::__private_0_1_0::Failed::new(__llmobs_error)
                                    .__llmobs_failure(__llmobs_sink)
                            },
                        )
                    }
                }
            },
        );
        __llmobs_returned
    }
}
