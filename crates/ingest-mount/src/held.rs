//! Files held open: what is read piece by piece is opened and checked once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ingest::Result;

/// So many files stay open; a process may usually open 1,024.
const HELD_MAX: usize = 256;

/// What is held of the files that were opened last. An error is held by those alone who waited for it.
pub(crate) struct Held<T> {
    files: Mutex<Files<T>>,
}

/// A file that is open as long as somebody has this, or why it is not.
pub(crate) type Opened<T> = Arc<Result<T>>;

type Slot<T> = Arc<OnceLock<Opened<T>>>;

struct Files<T> {
    slots: HashMap<u32, Slot<T>>,
    /// The first one goes first.
    order: VecDeque<u32>,
}

impl<T> Held<T> {
    pub(crate) fn new() -> Held<T> {
        Held { files: Mutex::new(Files { slots: HashMap::new(), order: VecDeque::new() }) }
    }

    /// The file as it is held, or as `open` opens it; many who want it at once open it once.
    pub(crate) fn get(&self, file: u32, open: impl FnOnce() -> Result<T>) -> Opened<T> {
        let slot = self.slot(file);
        let opened = Arc::clone(slot.get_or_init(|| Arc::new(open())));
        if opened.is_err() {
            self.forget(file);
        }
        opened
    }

    /// The next one who wants the file opens it anew.
    pub(crate) fn forget(&self, file: u32) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.slots.remove(&file);
        files.order.retain(|other| *other != file);
    }

    fn slot(&self, file: u32) -> Slot<T> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = files.slots.get(&file) {
            return Arc::clone(slot);
        }
        if files.order.len() == HELD_MAX
            && let Some(oldest) = files.order.pop_front()
        {
            files.slots.remove(&oldest);
        }
        files.order.push_back(file);
        Arc::clone(files.slots.entry(file).or_default())
    }
}
