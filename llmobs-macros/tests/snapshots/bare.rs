fn serve() -> ! {
    #![expect(clippy::empty_loop)]
    let __llmobs_call = ::llmobs::__private::Call::start(
        ::llmobs::__private::Kind::Agent,
        "serve",
        |_| {},
    );
    __llmobs_call.run(move || -> ! { loop {} })
}
