//! Events kept in the process, for tests.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{Refused, Transport};

/// Shares its events with all its clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<Value>>>);

impl Memory {
    pub(crate) fn events(&self) -> Vec<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for Memory {
    fn send(&mut self, events: &[String]) -> Result<(), Refused> {
        let parsed = events.iter().filter_map(|event| serde_json::from_str(event).ok());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(parsed);
        Ok(())
    }
}
