//! What `--storage-option K=V` says.

use std::path::PathBuf;
use std::time::Duration;

use ingest::WebOptions;

use crate::size;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StorageOption {
    Cache(PathBuf),
    CacheBytes(u64),
    Retries(u32),
    Timeout(Duration),
    TimeLimit(Duration),
    Ca(PathBuf),
}

const NAMES: &str = "cache, cache-bytes, retries, timeout, time-limit and ca";

/// Reads `K=V`.
pub(crate) fn parse(text: &str) -> Result<StorageOption, String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("it is written as K=V; K is one of {NAMES}"))?;
    match key {
        _ if value.is_empty() => Err(format!("{key} has no value")),
        "cache" => Ok(StorageOption::Cache(value.into())),
        "cache-bytes" => size::parse(value).map(StorageOption::CacheBytes),
        "retries" => {
            value.parse().map(StorageOption::Retries).map_err(|_| format!("{value:?} is no number of retries"))
        }
        "timeout" => time(value).map(StorageOption::Timeout),
        "time-limit" => time(value).map(StorageOption::TimeLimit),
        "ca" => Ok(StorageOption::Ca(value.into())),
        _ => Err(format!("there is no storage option {key:?}; there are {NAMES}")),
    }
}

/// Reads `500ms`, `30s`, `10m` or `2h`; a bare number is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time; times are written as 500ms, 30s, 10m or 2h");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    match number.checked_mul(millis) {
        Some(millis) if millis > 0 => Ok(Duration::from_millis(millis)),
        _ => Err(wrong()),
    }
}

impl StorageOption {
    pub(crate) fn fill(&self, web: &mut WebOptions) {
        match self {
            StorageOption::Cache(folder) => web.cache = Some(folder.clone()),
            StorageOption::CacheBytes(bytes) => web.cache_bytes_max = *bytes,
            StorageOption::Retries(times) => web.retries = *times,
            StorageOption::Timeout(time) => web.timeout = *time,
            StorageOption::TimeLimit(time) => web.time_limit = Some(*time),
            StorageOption::Ca(file) => web.ca = Some(file.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_read() {
        assert_eq!(parse("cache=/a=b"), Ok(StorageOption::Cache("/a=b".into())));
        assert_eq!(parse("cache-bytes=2GiB"), Ok(StorageOption::CacheBytes(2 << 30)));
        assert_eq!(parse("timeout=250ms"), Ok(StorageOption::Timeout(Duration::from_millis(250))));
        assert_eq!(parse("time-limit=90"), Ok(StorageOption::TimeLimit(Duration::from_secs(90))));
        assert_eq!(parse("time-limit=2h"), Ok(StorageOption::TimeLimit(Duration::from_secs(7200))));
        for wrong in [
            "cache",
            "cache=",
            "tries=3",
            "retries=-1",
            "timeout=0",
            "timeout=5 s",
            "timeout=s",
            "timeout=99999999999999999999",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
