fn serve() -> ! {
    #![expect(clippy::empty_loop)]
    let __llmobs_call = ::llmobs::__private::Call::start(
        ::llmobs::__private::Kind::Agent,
        "serve",
        |_| {},
    );
    ::llmobs::__private::Call::run(
        &__llmobs_call,
        move || -> ! {
            match () {
                () => loop {}
            }
        },
    )
}
