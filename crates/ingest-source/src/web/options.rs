//! How web addresses are read.

use std::path::PathBuf;
use std::time::Duration;

/// How files of web servers are read. Proxies are those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
/// `NO_PROXY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOptions {
    /// Nothing is asked of a server: what is kept is read, whatever there may be by now.
    pub offline: bool,
    /// Where files are kept; `None`: [`cache_folder`].
    pub cache: Option<PathBuf>,
    /// The most that is kept, bytes: of all files together, what was read longest ago goes first.
    pub cache_bytes_max: u64,
    /// How often in a row an attempt may fail in a way that may pass, without a byte in between.
    pub retries: u32,
    /// How long a server may be silent.
    pub timeout: Duration,
    /// How long a file may take in all, from when it is opened; `None`: as long as bytes come.
    pub time_limit: Option<Duration>,
    /// A file of certificates (PEM) of authorities that are trusted beside the system's.
    pub ca: Option<PathBuf>,
}

impl Default for WebOptions {
    fn default() -> Self {
        WebOptions {
            offline: false,
            cache: None,
            cache_bytes_max: 16 << 30,
            retries: 6,
            timeout: Duration::from_secs(60),
            time_limit: None,
            ca: None,
        }
    }
}

/// Where files of web servers are kept: `INGEST_CACHE`, else the folder `ingest` where the user's programs keep such things.
/// `None` where the environment names neither.
pub fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    named("INGEST_CACHE").or_else(|| Some(user()?.join("ingest")))
}
