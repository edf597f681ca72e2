//! What the process has used so far.

/// Processor seconds of all threads, and the peak resident size in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn usage() -> (f64, u64) {
    let peak = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| field(&status, "VmHWM:"));
    (cpu_seconds().unwrap_or(0.0), peak.unwrap_or(0) * 1024)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn usage() -> (f64, u64) {
    (0.0, 0)
}

#[cfg(target_os = "linux")]
fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The scheduler's own clock: nanoseconds on a processor, one file a thread is summed by `/proc/self/sched`'s parent; the
/// ticks of `/proc/self/stat` are exact to 10 ms, which is what reports need.
#[cfg(target_os = "linux")]
fn cpu_seconds() -> Option<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The command's name is in brackets and may hold blanks; user and system time are fields 14 and 15 of all.
    let after_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_uses_memory_and_time() {
        let (_, peak) = super::usage();
        assert!(peak > 1 << 16);
        assert!(super::cpu_seconds().is_some());
    }
}
