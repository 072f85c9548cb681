//! Comparison of a client's report with the events of its server.

use llmobs::Report;
use llmobs_test_support::{FaultServer, leak};

use crate::program::{KEY, RECORDER, elapsed};

/// The final figures of a program.
pub(crate) struct Outcome {
    report: Report,
    /// How many events the server has, and how many of them are copies.
    kept: u64,
    duplicates: u64,
    made: u64,
}

impl Outcome {
    /// Prints the figures, for the matrix.
    pub(crate) fn of(report: &Report, server: &FaultServer, made: u64) -> Self {
        let outcome = Self {
            report: report.clone(),
            kept: server.events() as u64,
            duplicates: server.duplicates() as u64,
            made,
        };
        outcome.print(server);
        outcome
    }

    #[expect(clippy::print_stdout, reason = "the parent reads the output")]
    fn print(&self, server: &FaultServer) {
        println!(
            "{}; {} requests, {} connections, {} ms",
            self.text(),
            server.post_count(),
            server.connections(),
            elapsed().as_millis()
        );
    }

    /// The terms that are not zero: the report of the client, and the spans of the server.
    fn text(&self) -> String {
        let Report { open, delivered, unknown, dropped, .. } = &self.report;
        let mut terms = vec![
            (*open, "open".to_owned()),
            (self.report.pending(), "pending".to_owned()),
            (*delivered, "delivered".to_owned()),
            (*unknown, "unknown".to_owned()),
        ];
        terms.extend(dropped.iter().map(|(reason, count)| (*count, format!("dropped ({reason})"))));
        terms.extend([(self.kept, "kept".to_owned()), (self.duplicates, "duplicates".to_owned())]);
        let terms = terms.into_iter().filter(|(count, _)| *count > 0);
        terms.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }

    /// Checks the whole outcome, such as `10 delivered, 10 kept`.
    #[track_caller]
    pub(crate) fn is(&self, expected: &str) {
        self.is_exact();
        assert_eq!(self.text(), expected);
    }

    /// Checks that nothing is lost if an answer is missing: the server has all spans, with at most one more copy of each.
    #[track_caller]
    pub(crate) fn is_ambiguous(&self) {
        self.is_exact();
        let sent = self.report.delivered + self.report.unknown;
        assert_eq!((sent, self.kept), (self.made, self.made), "{}", self.text());
        assert!(self.duplicates <= self.made, "{}", self.text());
    }

    /// Checks that the report adds up and agrees with the program and the server, and that the log does not have the key.
    #[track_caller]
    pub(crate) fn is_exact(&self) {
        let Report { started, open, queued, sending, delivered, unknown, .. } = self.report;
        let dropped = self.report.dropped_total();
        let sum = open + queued + sending + delivered + unknown + dropped;
        assert_eq!((started, started), (sum, self.made), "{:?}", self.report);
        let most = delivered + unknown + self.report.sending;
        assert!((delivered..=most).contains(&self.kept), "{}: {:?}", self.text(), self.report);
        assert_eq!(leak(&RECORDER.text(), KEY), None);
    }
}
