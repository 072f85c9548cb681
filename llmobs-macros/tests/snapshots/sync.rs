/// Finds.
pub fn search<'a>(
    index: &'a Index,
    query: Query,
    __llmobs_argument_2: Limit,
    __llmobs_argument_3: u8,
) -> Result<Vec<&'a str>, Error> {
    let __llmobs_call = ::llmobs::__private_0_1_0::Call::enter(
        ::llmobs::__private_0_1_0::Kind::Retrieval,
        "search",
        |__llmobs_setup| {
            let Limit(limit) = &__llmobs_argument_2;
            ::llmobs::__private_0_1_0::Value::new(&query)
                .__llmobs_capture(
                    ::llmobs::__private_0_1_0::Setup::argument(
                        __llmobs_setup,
                        ",\"query\":",
                    ),
                );
            ::llmobs::__private_0_1_0::Value::new(limit)
                .__llmobs_capture(
                    ::llmobs::__private_0_1_0::Setup::argument(
                        __llmobs_setup,
                        ",\"limit\":",
                    ),
                );
            ::llmobs::__private_0_1_0::Setup::name(
                __llmobs_setup,
                || ::llmobs::__private_0_1_0::Text::new(&("find")).__llmobs_text(),
            );
            ::llmobs::__private_0_1_0::Setup::session_id(
                __llmobs_setup,
                || ::llmobs::__private_0_1_0::Text::new(&(query.session)).__llmobs_text(),
            );
        },
    );
    ::llmobs::__private_0_1_0::Call::complete(
        __llmobs_call,
        || -> Result<Vec<&'a str>, Error> {
            let index = index;
            let mut query = query;
            let _ = &query;
            let __llmobs_argument_2 = __llmobs_argument_2;
            let Limit(limit) = __llmobs_argument_2;
            let __llmobs_argument_3 = __llmobs_argument_3;
            let _ = __llmobs_argument_3;
            match () {
                () => {
                    query.normalize();
                    index.find(&query)?.take(limit)
                }
            }
        },
        |__llmobs_ending, __llmobs_returned| {
            match ::llmobs::__private_0_1_0::Outcome::new(__llmobs_returned)
                .__llmobs_split()
            {
                ::core::result::Result::Ok(__llmobs_value) => {
                    ::llmobs::__private_0_1_0::Returned::new(__llmobs_value)
                        .__llmobs_capture(
                            ::llmobs::__private_0_1_0::Ending::output(__llmobs_ending),
                        );
                }
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
    )
}
