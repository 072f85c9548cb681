async fn chat(prompt: &str) -> Result<impl Stream<Item = Result<Chunk, Error>>, Error> {
    let mut __llmobs_call = ::llmobs::__private::Call::new(
        ::llmobs::__private::Kind::Llm,
        "chat",
    );
    if let ::core::option::Option::Some(__llmobs_setup) = __llmobs_call.setup() {
        ::llmobs::__private::Value::new(&prompt)
            .capture(__llmobs_setup.argument("prompt"));
    }
    __llmobs_call.begin();
    let __llmobs_returned = ::llmobs::__private::Call::run_async(
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
                __llmobs_call
                    .stream::<
                        Result<Chunk, Error>,
                        _,
                        _,
                    >(
                        __llmobs_pieces,
                        ::llmobs::__private::Recipe {
                            new: ::llmobs::__private::Folded::new,
                            each: |__llmobs_state, __llmobs_item| {
                                match ::llmobs::__private::Outcome::new(__llmobs_item)
                                    .split()
                                {
                                    ::core::result::Result::Ok(__llmobs_value) => {
                                        if let ::core::option::Option::Some(__llmobs_state) = __llmobs_state {
                                            ::llmobs::__private::Value::new(__llmobs_value)
                                                .capture(__llmobs_state.item());
                                        }
                                        ::core::option::Option::None
                                    }
                                    ::core::result::Result::Err(__llmobs_error) => {
                                        ::core::option::Option::Some(
                                            ::llmobs::__private::Failed::new(__llmobs_error).failure(),
                                        )
                                    }
                                }
                            },
                            end: |__llmobs_state, __llmobs_ending| {
                                __llmobs_state.end(__llmobs_ending);
                            },
                        },
                    ),
            )
        }
        ::core::result::Result::Err(__llmobs_failed) => {
            if let ::core::option::Option::Some(mut __llmobs_ending) = __llmobs_call
                .end()
            {
                let __llmobs_error = &__llmobs_failed;
                __llmobs_ending
                    .error(::llmobs::__private::Failed::new(__llmobs_error).failure());
            }
            ::core::result::Result::Err(__llmobs_failed)
        }
    }
}
