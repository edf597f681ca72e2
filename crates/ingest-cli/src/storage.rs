//! What `--storage-option K=V` says.

use std::path::PathBuf;
use std::time::Duration;

use ingest::WebOptions;

use crate::size;

/// One of them, and as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StorageOption {
    pub(crate) typed: String,
    meant: Meant,
}

#[derive(Clone, Debug, PartialEq)]
enum Meant {
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
    Ok(StorageOption { typed: text.to_owned(), meant: meant(text)? })
}

fn meant(text: &str) -> Result<Meant, String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("it is written as K=V; K is one of {NAMES}"))?;
    match key {
        _ if value.is_empty() => Err(format!("{key} has no value")),
        "cache" => Ok(Meant::Cache(value.into())),
        "cache-bytes" => size::parse(value).map(Meant::CacheBytes),
        "retries" => value.parse().map(Meant::Retries).map_err(|_| format!("{value:?} is no number of retries")),
        "timeout" => time(value).map(Meant::Timeout),
        "time-limit" => time(value).map(Meant::TimeLimit),
        "ca" => Ok(Meant::Ca(value.into())),
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
        match &self.meant {
            Meant::Cache(folder) => web.cache = Some(folder.clone()),
            Meant::CacheBytes(bytes) => web.cache_bytes_max = *bytes,
            Meant::Retries(times) => web.retries = *times,
            Meant::Timeout(time) => web.timeout = *time,
            Meant::TimeLimit(time) => web.time_limit = Some(*time),
            Meant::Ca(file) => web.ca = Some(file.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_read() {
        assert_eq!(meant("cache=/a=b"), Ok(Meant::Cache("/a=b".into())));
        assert_eq!(meant("cache-bytes=2GiB"), Ok(Meant::CacheBytes(2 << 30)));
        assert_eq!(meant("timeout=250ms"), Ok(Meant::Timeout(Duration::from_millis(250))));
        assert_eq!(meant("time-limit=90"), Ok(Meant::TimeLimit(Duration::from_secs(90))));
        assert_eq!(meant("time-limit=2h"), Ok(Meant::TimeLimit(Duration::from_secs(7200))));
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
