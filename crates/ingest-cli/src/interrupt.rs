//! Ctrl-C: the run is asked to stop and tidy up, then made to.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// The exit status of an interrupted command.
const STATUS: i32 = 130;

/// How long a run may take to remove what it began. A read that waits for a silent pipe never looks at the flag.
const GRACE: Duration = Duration::from_secs(2);

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The flag that Ctrl-C sets; the first call puts the handler in place.
pub(crate) fn flag() -> Arc<AtomicBool> {
    Arc::clone(FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&flag);
        // Without a handler Ctrl-C still ends the process, and outputs still appear whole or not at all.
        let _ = ctrlc::set_handler(move || interrupted(&set));
        flag
    }))
}

fn interrupted(flag: &AtomicBool) {
    if flag.swap(true, Ordering::Relaxed) {
        process::exit(STATUS);
    }
    thread::spawn(|| {
        thread::sleep(GRACE);
        process::exit(STATUS);
    });
}
