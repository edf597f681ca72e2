//! How long and how often a server is tried.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{SourceError, SourceErrorKind};

use super::options::WebOptions;

/// The first wait is at most so long, each further one at most twice the one before.
const WAIT_FIRST: Duration = Duration::from_millis(250);

/// No wait of our own is longer.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// No wait that a server asks for is longer, where no time limit says how long there is to wait.
const ASKED_WAIT_MAX: Duration = Duration::from_secs(300);

/// How often a connection is tried again.
const CONNECTS_MAX: u32 = 2;

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub kind: SourceErrorKind,
    pub message: String,
    /// Whether it may pass.
    pub passes: bool,
    /// How long the server asks to wait.
    pub wait: Option<Duration>,
}

impl Trouble {
    pub(super) fn lasting(kind: SourceErrorKind, message: impl Into<String>) -> Trouble {
        Trouble { kind, message: message.into(), passes: false, wait: None }
    }

    pub(super) fn passing(message: impl Into<String>) -> Trouble {
        Trouble { kind: SourceErrorKind::Unreachable, message: message.into(), passes: true, wait: None }
    }

    pub(super) fn error(self, name: &str) -> SourceError {
        SourceError::new(self.kind, name, self.message)
    }
}

/// What is left of the attempts at one thing.
pub(super) struct Patience {
    retries: u32,
    failed: u32,
    deadline: Option<Instant>,
    /// What allows for more attempts.
    way_out: &'static str,
}

impl Patience {
    pub(super) fn new(options: &WebOptions, deadline: Option<Instant>) -> Patience {
        let way_out = "; --storage-option retries=N tries more often";
        Patience { retries: options.retries, failed: 0, deadline, way_out }
    }

    /// For a server that cannot be connected to: it is not tried so often as one that has trouble.
    pub(super) fn to_connect(options: &WebOptions, deadline: Option<Instant>) -> Patience {
        Patience { retries: options.retries.min(CONNECTS_MAX), failed: 0, deadline, way_out: "" }
    }

    /// Something came: what fails from here on fails for the first time.
    pub(super) fn renew(&mut self) {
        self.failed = 0;
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// There is to be none: it will not pass, was tried often enough, or there is no time.
    pub(super) fn wait(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        if !trouble.passes {
            return Err(trouble);
        }
        self.failed += 1;
        if self.failed > self.retries {
            let Patience { failed, way_out, .. } = self;
            return Err(also(trouble, &format!("tried {failed} times{way_out}")));
        }
        let most = WAIT_FIRST.saturating_mul(1 << (self.failed - 1).min(16)).min(WAIT_MAX);
        let own = most.mul_f64(random_part());
        let wait = trouble.wait.map_or(own, |asked| asked + own.min(WAIT_FIRST));
        match self.deadline {
            Some(deadline) if Instant::now() + wait > deadline => Err(also(trouble, "no time is left of its limit")),
            None if trouble.wait.is_some_and(|asked| asked > ASKED_WAIT_MAX) => {
                Err(also(trouble, "that is too long; run again then, or give a time limit that allows for it"))
            }
            _ => {
                sleep(wait);
                Ok(())
            }
        }
    }
}

fn also(trouble: Trouble, more: &str) -> Trouble {
    Trouble { message: format!("{} ({more})", trouble.message), ..trouble }
}

/// From 0.5 to 1: many that failed together shall not come back together. Hash keys are random, and need no library.
fn random_part() -> f64 {
    0.5 + (RandomState::new().build_hasher().finish() >> 11) as f64 / (1_u64 << 54) as f64
}

/// What `Retry-After` says: seconds, or a date.
pub(super) fn wait_asked(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(retries: u32, deadline: Option<Instant>) -> Patience {
        Patience::new(&WebOptions { retries, ..WebOptions::default() }, deadline)
    }

    #[test]
    fn attempts_are_counted_from_the_last_byte_on() {
        let mut patience = patience(2, None);
        for _ in 0..2 {
            patience.wait(Trouble::passing("reset")).expect("once more");
        }
        patience.renew();
        patience.wait(Trouble::passing("reset")).expect("once more");
        patience.wait(Trouble::passing("reset")).expect("once more");
        let trouble = patience.wait(Trouble::passing("reset")).expect_err("often enough");
        assert!(trouble.message.contains("tried 3 times"), "{}", trouble.message);
    }

    #[test]
    fn nothing_waits_in_vain() {
        let lasting = Trouble::lasting(SourceErrorKind::NotFound, "gone");
        assert!(patience(9, None).wait(lasting).is_err());
        let asked = |seconds| Trouble { wait: Some(Duration::from_secs(seconds)), ..Trouble::passing("busy") };
        let trouble = patience(9, None).wait(asked(86_400)).expect_err("a day");
        assert!(trouble.message.contains("too long"), "{}", trouble.message);
        let soon = Instant::now() + Duration::from_secs(5);
        let trouble = patience(9, Some(soon)).wait(asked(60)).expect_err("a minute");
        assert!(trouble.message.contains("limit"), "{}", trouble.message);
        patience(9, Some(soon)).wait(asked(0)).expect("at once");
    }

    #[test]
    fn waits_are_seconds_or_dates() {
        assert_eq!(wait_asked(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(wait_asked("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!(wait_asked(&soon).is_some_and(|wait| wait > Duration::from_secs(90)));
        assert_eq!(wait_asked("soon"), None);
    }
}
