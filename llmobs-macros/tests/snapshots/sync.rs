/// Finds.
pub fn search<'a>(
    index: &'a Index,
    query: Query,
    __llmobs_argument_2: Limit,
    __llmobs_argument_3: u8,
) -> Result<Vec<&'a str>, Error> {
    let __llmobs_call = ::llmobs::__private::Call::enter(
        ::llmobs::__private::Kind::Retrieval,
        "search",
        |__llmobs_setup| {
            let Limit(limit) = &__llmobs_argument_2;
            ::llmobs::__private::Value::new(&query)
                .__llmobs_capture(
                    ::llmobs::__private::Setup::argument(__llmobs_setup, ",\"query\":"),
                );
            ::llmobs::__private::Value::new(limit)
                .__llmobs_capture(
                    ::llmobs::__private::Setup::argument(__llmobs_setup, ",\"limit\":"),
                );
            ::llmobs::__private::Setup::name(
                __llmobs_setup,
                || ::llmobs::__private::Text::new(&("find")).__llmobs_text(),
            );
            ::llmobs::__private::Setup::session_id(
                __llmobs_setup,
                || ::llmobs::__private::Text::new(&(query.session)).__llmobs_text(),
            );
        },
    );
    ::llmobs::__private::Call::complete(
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
            match ::llmobs::__private::Outcome::new(__llmobs_returned).__llmobs_split() {
                ::core::result::Result::Ok(__llmobs_value) => {
                    ::llmobs::__private::Returned::new(__llmobs_value)
                        .__llmobs_capture(
                            ::llmobs::__private::Ending::output(__llmobs_ending),
                        );
                }
                ::core::result::Result::Err(__llmobs_error) => {
                    ::llmobs::__private::Ending::error(
                        __llmobs_ending,
                        |__llmobs_sink| {
                            ::llmobs::__private::Failed::new(__llmobs_error)
                                .__llmobs_failure(__llmobs_sink)
                        },
                    )
                }
            }
        },
    )
}
