//! Events kept in the process, for tests.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{Event, Intake, Refused, Transport};

/// Shares its events with all its clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<(Intake, Value)>>>);

impl Memory {
    /// What was sent to one of the intakes.
    pub(crate) fn events(&self, intake: Intake) -> Vec<Value> {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().filter(|(to, _)| *to == intake).map(|(_, event)| event.clone()).collect()
    }
}

impl Transport for Memory {
    fn send(&mut self, intake: Intake, events: &[Event]) -> Result<(), Refused> {
        let parsed =
            events.iter().filter_map(|event| Some((intake, serde_json::from_str(&event.json).ok()?)));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(parsed);
        Ok(())
    }
}
