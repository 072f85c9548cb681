/// Finds.
pub fn search<'a>(
    index: &'a Index,
    query: Query,
    __llmobs_argument_2: Limit,
    _: u8,
) -> Result<Vec<&'a str>, Error> {
    let mut __llmobs_call = ::llmobs::__private::Call::new(
        ::llmobs::__private::Kind::Retrieval,
        "search",
    );
    if let ::core::option::Option::Some(__llmobs_setup) = __llmobs_call.setup() {
        let Limit(limit) = &__llmobs_argument_2;
        ::llmobs::__private::Value::new(&query)
            .capture(__llmobs_setup.argument("query"));
        ::llmobs::__private::Value::new(limit).capture(__llmobs_setup.argument("limit"));
        __llmobs_setup.name(|| ::llmobs::__private::Text::new(&("find")).text());
        __llmobs_setup
            .session_id(|| ::llmobs::__private::Text::new(&(query.session)).text());
    }
    __llmobs_call.begin();
    let __llmobs_returned = ::llmobs::__private::Call::run(
        &__llmobs_call,
        move || {
            if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<
                Result<Vec<&'a str>, Error>,
            > {
                return __llmobs_hint;
            }
            let index = index;
            let mut query = query;
            let _ = &query;
            let __llmobs_argument_2 = __llmobs_argument_2;
            let Limit(limit) = __llmobs_argument_2;
            match () {
                () => {
                    query.normalize();
                    index.find(&query)?.take(limit)
                }
            }
        },
    );
    if let ::core::option::Option::Some(mut __llmobs_ending) = __llmobs_call.end() {
        match ::llmobs::__private::Outcome::new(&__llmobs_returned).split() {
            ::core::result::Result::Ok(__llmobs_value) => {
                ::llmobs::__private::Value::new(__llmobs_value)
                    .capture(__llmobs_ending.output());
            }
            ::core::result::Result::Err(__llmobs_error) => {
                __llmobs_ending
                    .error(::llmobs::__private::Failed::new(__llmobs_error).failure())
            }
        }
    }
    __llmobs_returned
}
