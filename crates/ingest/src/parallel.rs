//! Pieces of work that do not depend on each other, done by some threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::pipeline::lock;

/// What waits to be done, or what came of it; nothing while it is being done.
enum Slot<I, T> {
    Waits(I),
    Done(Result<T>),
    Taken,
}

/// What `work` makes of each item, in their order; each thread has a `state` of its own. Items are taken in their order too, and
/// none after one has failed: the failure is that of the first item that fails.
///
/// # Errors
/// That of `work`.
pub fn try_map<I: Send, T: Send, S>(
    threads: usize,
    items: Vec<I>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let threads = threads.min(items.len());
    let slots: Vec<Mutex<Slot<I, T>>> = items.into_iter().map(|item| Mutex::new(Slot::Waits(item))).collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        let mut state = state();
        while !failed.load(Ordering::Relaxed) {
            let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let taken = std::mem::replace(&mut *lock(slot), Slot::Taken);
            let Slot::Waits(item) = taken else { continue };
            let done = work(&mut state, item);
            failed.fetch_or(done.is_err(), Ordering::Relaxed);
            *lock(slot) = Slot::Done(done);
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        run();
        for other in others {
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    let done = |slot: Mutex<Slot<I, T>>| match slot.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Slot::Done(done) => Some(done),
        _ => None,
    };
    slots.into_iter().filter_map(done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Error};

    #[test]
    fn results_keep_their_order_and_the_first_failure_is_told() {
        for threads in 1..5 {
            let doubled = try_map(threads, (0..100).collect(), || (), |(), item: i32| Ok(2 * item));
            assert_eq!(doubled.unwrap(), (0..100).map(|item| 2 * item).collect::<Vec<_>>());
            let failing = |(): &mut (), item: i32| match item {
                37.. => Err(Error::new(Code::Usage, item.to_string())),
                _ => Ok(()),
            };
            let failure = try_map(threads, (0..100).collect(), || (), failing).unwrap_err();
            assert_eq!(failure.message(), "37");
        }
    }
}
