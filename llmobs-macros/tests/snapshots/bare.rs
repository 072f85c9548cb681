fn serve() -> ! {
    #![expect(clippy::empty_loop)]
    let mut __llmobs_call = ::llmobs::__private::Call::new(
        ::llmobs::__private::Kind::Agent,
        "serve",
    );
    __llmobs_call.begin();
    ::llmobs::__private::Call::run(
        &__llmobs_call,
        move || -> ! {
            match () {
                () => loop {}
            }
        },
    )
}
