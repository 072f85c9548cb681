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
            #[cfg(feature = "images")]
            ::llmobs::__private::Value::new(&image)
                .capture(__llmobs_setup.argument("image"));
            ::llmobs::__private::Value::new(&prompt)
                .capture(__llmobs_setup.argument("prompt"));
            __llmobs_setup
                .model_name(|| ::llmobs::__private::Text::new(&(self.model)).text());
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
            match ::llmobs::__private::Outcome::new(&__llmobs_returned).split() {
                ::core::result::Result::Ok(_) => {}
                ::core::result::Result::Err(__llmobs_error) => {
                    __llmobs_ending
                        .error(
                            ::llmobs::__private::Failed::new(__llmobs_error).failure(),
                        )
                }
            }
        }
        __llmobs_returned
    }
}
