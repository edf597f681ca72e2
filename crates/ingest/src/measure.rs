//! What the process has used so far.

use rustix::time::{ClockId, clock_gettime};

/// Processor seconds of all threads, ended ones too.
pub(crate) fn cpu_seconds() -> f64 {
    seconds(ClockId::ProcessCPUTime)
}

/// Processor seconds of this thread.
pub(crate) fn thread_cpu_seconds() -> f64 {
    seconds(ClockId::ThreadCPUTime)
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The peak resident size in bytes, 0 where the system does not tell.
pub(crate) fn peak_memory_bytes() -> u64 {
    let peak = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| field(&status, "VmHWM:"));
    peak.unwrap_or(0) * 1024
}

fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    #[test]
    fn work_takes_time_and_memory() {
        let (cpu, started) = (super::cpu_seconds(), Instant::now());
        while started.elapsed() < Duration::from_millis(3) {
            std::hint::spin_loop();
        }
        assert!(super::cpu_seconds() > cpu, "even a few milliseconds show");
        assert!(super::peak_memory_bytes() > 1 << 16 || !cfg!(target_os = "linux"));
    }
}
