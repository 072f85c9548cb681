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
        if let ::core::option::Option::Some(__llmobs_setup) = ::llmobs::__private::Call::setup(
            &mut __llmobs_call,
        ) {
            #[cfg(feature = "images")]
            ::llmobs::__private::Value::new(&image)
                .__llmobs_capture(
                    ::llmobs::__private::Setup::argument(__llmobs_setup, "image"),
                );
            ::llmobs::__private::Value::new(&prompt)
                .__llmobs_capture(
                    ::llmobs::__private::Setup::argument(__llmobs_setup, "prompt"),
                );
            ::llmobs::__private::Setup::model_name(
                __llmobs_setup,
                || ::llmobs::__private::Text::new(&(self.model)).__llmobs_text(),
            );
        }
        ::llmobs::__private::Call::begin(&mut __llmobs_call);
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
        if let ::core::option::Option::Some(__llmobs_ending) = &mut ::llmobs::__private::Call::end(
            __llmobs_call,
        ) {
            match ::llmobs::__private::Outcome::new(&__llmobs_returned).__llmobs_split()
            {
                ::core::result::Result::Ok(_) => {}
                ::core::result::Result::Err(__llmobs_error) => {
                    ::llmobs::__private::Ending::error(
                        __llmobs_ending,
                        ::llmobs::__private::Failed::new(__llmobs_error)
                            .__llmobs_failure(),
                    )
                }
            }
        }
        __llmobs_returned
    }
}
