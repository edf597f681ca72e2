//! What the process has used so far.

use rustix::time::{ClockId, clock_gettime};

/// Processor seconds of all threads, ended ones too, and the peak resident size in bytes (0 where the system does not tell).
pub(crate) fn usage() -> (f64, u64) {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let peak = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| field(&status, "VmHWM:"));
    (cpu.tv_sec as f64 + cpu.tv_nsec as f64 * 1e-9, peak.unwrap_or(0) * 1024)
}

fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    #[test]
    fn work_takes_time_and_memory() {
        let ((cpu, peak), started) = (super::usage(), Instant::now());
        while started.elapsed() < Duration::from_millis(3) {
            std::hint::spin_loop();
        }
        assert!(super::usage().0 > cpu, "even a few milliseconds show");
        assert!(peak > 1 << 16 || !cfg!(target_os = "linux"));
    }
}
