async fn chat(prompt: &str) -> Result<impl Stream<Item = Result<Chunk, Error>>, Error> {
    let __llmobs_call = ::llmobs::__private_0_1_0::Call::enter(
        ::llmobs::__private_0_1_0::Kind::Llm,
        "chat",
        |__llmobs_setup| {
            ::llmobs::__private_0_1_0::Value::new(&prompt)
                .__llmobs_capture(
                    ::llmobs::__private_0_1_0::Setup::argument(
                        __llmobs_setup,
                        ",\"prompt\":",
                    ),
                );
        },
    );
    let __llmobs_returned = ::llmobs::__private_0_1_0::Call::run_async(
            &__llmobs_call,
            async move {
                if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<
                    Result<_, Error>,
                > {
                    return __llmobs_hint;
                }
                let prompt = prompt;
                match () {
                    () => client().stream(prompt).await,
                }
            },
        )
        .await;
    match __llmobs_returned {
        ::core::result::Result::Ok(__llmobs_pieces) => {
            ::core::result::Result::Ok(
                ::llmobs::__private_0_1_0::Call::stream::<
                    Result<Chunk, Error>,
                    _,
                    _,
                >(
                    __llmobs_call,
                    __llmobs_pieces,
                    ::llmobs::__private_0_1_0::Recipe {
                        new: ::llmobs::__private_0_1_0::Folded::new,
                        each: |__llmobs_state, __llmobs_item| {
                            match ::llmobs::__private_0_1_0::Outcome::new(__llmobs_item)
                                .__llmobs_split()
                            {
                                ::core::result::Result::Ok(__llmobs_value) => {
                                    ::core::result::Result::Ok(
                                        match __llmobs_state {
                                            ::core::option::Option::Some(__llmobs_state) => {
                                                ::llmobs::__private_0_1_0::Folded::add(
                                                    __llmobs_state,
                                                    |__llmobs_sink| {
                                                        ::llmobs::__private_0_1_0::Value::new(__llmobs_value)
                                                            .__llmobs_capture(__llmobs_sink)
                                                    },
                                                )
                                            }
                                            ::core::option::Option::None => true,
                                        },
                                    )
                                }
                                ::core::result::Result::Err(__llmobs_error) => {
                                    ::core::result::Result::Err(
                                        ::llmobs::__private_0_1_0::ErrorText::of(|__llmobs_sink| {
                                            ::llmobs::__private_0_1_0::Failed::new(__llmobs_error)
                                                .__llmobs_failure(__llmobs_sink)
                                        }),
                                    )
                                }
                            }
                        },
                        end: |__llmobs_state, __llmobs_ending| {
                            ::llmobs::__private_0_1_0::Folded::end(
                                __llmobs_state,
                                __llmobs_ending,
                            );
                        },
                    },
                ),
            )
        }
        ::core::result::Result::Err(__llmobs_failed) => {
            ::llmobs::__private_0_1_0::Call::end(
                __llmobs_call,
                |__llmobs_ending| {
                    let __llmobs_error = &__llmobs_failed;
                    ::llmobs::__private_0_1_0::Ending::error(
                        __llmobs_ending,
                        |__llmobs_sink| {
                            ::llmobs::__private_0_1_0::Failed::new(__llmobs_error)
                                .__llmobs_failure(__llmobs_sink)
                        },
                    );
                },
            );
            ::core::result::Result::Err(__llmobs_failed)
        }
    }
}
