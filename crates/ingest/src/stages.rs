//! Where the time of a frame goes: the stages of a run, and the watch that a worker carries through them.

use crate::measure::thread_cpu_seconds;

/// A part of the way from bytes to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Opening, sniffing, the look at the sample.
    Plan,
    /// A block is taken from its source, or waited for.
    Read,
    /// The structural pass.
    Scan,
    /// The predecessor's carry to whole records and the next carry.
    Settle,
    /// The check for UTF-8.
    Utf8,
    /// Where the fields are, and whether they are a rectangle.
    Index,
    /// Fields to columns, memory for them included.
    Parse,
    /// The chunk in its place in the order: totals, summaries, the consumer.
    Commit,
    /// Chunks brought to the final types, and the frame put together.
    Finish,
}

impl Stage {
    /// Every stage, in the order of the work.
    pub(crate) const ALL: [Stage; 9] = [
        Stage::Plan,
        Stage::Read,
        Stage::Scan,
        Stage::Settle,
        Stage::Utf8,
        Stage::Index,
        Stage::Parse,
        Stage::Commit,
        Stage::Finish,
    ];

    /// The name by which reports call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Plan => "plan",
            Stage::Read => "read",
            Stage::Scan => "scan",
            Stage::Settle => "settle",
            Stage::Utf8 => "utf8",
            Stage::Index => "index",
            Stage::Parse => "parse",
            Stage::Commit => "commit",
            Stage::Finish => "finish",
        }
    }
}

/// Processor seconds by stage, of all workers together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StageSeconds([f64; Stage::ALL.len()]);

impl StageSeconds {
    pub(crate) fn of(&self, stage: Stage) -> f64 {
        self.0[stage as usize]
    }

    pub(crate) fn add(&mut self, stage: Stage, seconds: f64) {
        self.0[stage as usize] += seconds;
    }

    pub(crate) fn join(&mut self, other: &StageSeconds) {
        Stage::ALL.into_iter().for_each(|stage| self.add(stage, other.of(stage)));
    }
}

/// Tells one worker's processor time apart by stages; stopped, it costs a branch.
///
/// It asks the system for the thread's time some 30 times a chunk, a microsecond each where a call is dear: 3 % of a chunk that
/// is parsed in a millisecond. So it runs where somebody asks for stages, and nobody measures the whole by the same run.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    last: Option<f64>,
    seconds: StageSeconds,
}

impl Stopwatch {
    /// One that has just been started.
    pub(crate) fn started() -> Self {
        Stopwatch { last: Some(thread_cpu_seconds()), ..Stopwatch::default() }
    }

    /// The time since the last call was spent in this stage.
    #[inline]
    pub(crate) fn lap(&mut self, stage: Stage) {
        if let Some(last) = &mut self.last {
            let now = thread_cpu_seconds();
            self.seconds.add(stage, now - *last);
            *last = now;
        }
    }

    /// What came together.
    pub(crate) fn seconds(&self) -> &StageSeconds {
        &self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_place_and_a_name_of_its_own() {
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, place);
            assert!(Stage::ALL[..place].iter().all(|other| other.name() != stage.name()), "{stage:?}");
        }
    }

    #[test]
    fn a_watch_gives_all_time_to_some_stage() {
        let started = thread_cpu_seconds();
        let mut watch = Stopwatch::started();
        let worked = thread_cpu_seconds();
        while thread_cpu_seconds() < worked + 2e-3 {
            std::hint::spin_loop();
        }
        watch.lap(Stage::Scan);
        watch.lap(Stage::Parse);
        let told: f64 = Stage::ALL.into_iter().map(|stage| watch.seconds().of(stage)).sum();
        assert!(watch.seconds().of(Stage::Scan) > watch.seconds().of(Stage::Parse));
        assert!((2e-3..=thread_cpu_seconds() - started).contains(&told), "{told}");
        let mut stopped = Stopwatch::default();
        stopped.lap(Stage::Scan);
        assert_eq!(stopped.seconds().of(Stage::Scan), 0.0);
    }
}
