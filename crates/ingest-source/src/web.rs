//! Files behind web addresses (`http://`, `https://`), read at any offset.
//!
//! A [`Remote`] is one file of a server, as it was when it was opened: each answer is compared with the first by ETag, time of
//! change and length, so bytes of two versions are never mixed. Where the server has ranges, what is asked for is fetched, and
//! ahead of whoever reads in order; where it has not, the body is read once, as far as anybody asks. All of it is kept in a cache
//! (`kept.rs`), for others who read the same address, for reads without a connection, and for second looks.
//!
//! A body that breaks off goes on where it broke; what may pass is tried again (`patience.rs`).

mod about;
mod body;
mod client;
mod flight;
mod kept;
mod options;
mod patience;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::{Arc, OnceLock};

use reqwest::Url;

use crate::error::{SourceError, SourceErrorKind};
use crate::extent::ReadFailed;

use about::About;
use body::Body;
use client::{Asked, Server};
use flight::Flights;
use kept::Kept;
pub use options::{WebOptions, cache_folder};

/// How much of a file is kept, or not, as one: little more than is asked for comes of reads here and there.
pub(crate) const BLOCK: u64 = 8 << 10;

/// What the first request asks for: enough to see what a file is.
const FIRST_BYTES: u64 = 64 << 10;

/// Whether what the user typed is a web address.
pub fn is_web(pattern: &str) -> bool {
    let scheme = pattern.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// One file of a web server; copies are the same one.
#[derive(Clone)]
pub struct Remote(Arc<Inner>);

struct Inner {
    name: String,
    about: About,
    /// Its length, once known: an answer may come without one.
    size: OnceLock<u64>,
    kept: Arc<Kept>,
    from: From,
}

/// Where bytes come from that are not kept.
enum From {
    /// Any range of them from the server.
    Ranges(Flights),
    /// From the one body of the answer.
    Body(Box<Body>),
    /// From nowhere: there is to be no connection.
    Cache,
}

impl Remote {
    /// Asks the server for the file at an address, and looks at its first bytes; without a connection
    /// ([`WebOptions::offline`]), finds what is kept of it.
    ///
    /// # Errors
    /// The address makes no sense, the server has no such file (`NotFound`), does not let this user read it (`AccessDenied`), or
    /// does not answer properly (`Unreachable`); without a connection, nothing is kept of it.
    pub fn open(address: &str, options: &WebOptions) -> Result<Remote, SourceError> {
        let url = parsed(address)?;
        let name = shown(address, &url);
        if options.offline {
            return Self::open_kept(name, &url, options);
        }
        let server = Arc::new(Server::new(&name, url.clone(), options)?);
        let known = Kept::about(options, &url).filter(About::is_told_apart);
        let answer = server.first(0..FIRST_BYTES, known.as_ref())?;
        let about = match (&answer, known) {
            (Asked::AsKnown, Some(known)) => known,
            (Asked::AsKnown, None) => return Err(server.odd("that nothing has changed, which was not asked")),
            (Asked::Part { about, .. } | Asked::Whole { about, .. } | Asked::Empty { about }, _) => about.clone(),
        };
        let kept = Arc::new(Kept::of(&name, options, &url, &about)?);
        let from = match answer {
            // What is not kept of it, if anything, has to be asked for as it was before.
            Asked::AsKnown if about.has_ranges => From::Ranges(Flights::new(server, &about, kept.clone())),
            Asked::AsKnown => From::Body(Box::new(Body::later(server, &about, &kept))),
            Asked::Part { mut first, .. } => {
                let flights = Flights::new(server, &about, kept.clone());
                flights.take_first(&mut first)?;
                From::Ranges(flights)
            }
            Asked::Whole { body, .. } => From::Body(Box::new(Body::of(server, &about, body))),
            Asked::Empty { .. } => From::Cache,
        };
        Ok(Remote::new(name, about, kept, from))
    }

    fn new(name: String, about: About, kept: Arc<Kept>, from: From) -> Remote {
        let size = about.size.map(OnceLock::from).unwrap_or_default();
        Remote(Arc::new(Inner { name, about, size, kept, from }))
    }

    fn open_kept(name: String, url: &Url, options: &WebOptions) -> Result<Remote, SourceError> {
        let about = Kept::about(options, url).ok_or_else(|| not_kept(&name))?;
        let kept = Arc::new(Kept::of(&name, options, url, &about)?);
        Ok(Remote::new(name, about, kept, From::Cache))
    }

    /// The address, without what it says of a user and a password.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its length, bytes; `None` where the server tells none and its end has not been met.
    pub fn size(&self) -> Option<u64> {
        self.0.size.get().copied()
    }

    /// The same, for which all of it is read where the server tells none.
    pub(crate) fn size_at_end(&self) -> Result<u64, SourceError> {
        let mut bytes = vec![0; 1 << 20];
        let mut at = 0;
        loop {
            if let Some(size) = self.size() {
                return Ok(size);
            }
            at += self.read_at(at, &mut bytes)? as u64;
        }
    }

    /// What tells this version of the file from others, as the server gave it: its ETag, else its time of change.
    pub fn validator(&self) -> Option<&str> {
        self.0.about.validator()
    }

    /// When it was last changed, as the server tells it (`Thu, 28 Nov 2024 09:00:00 GMT`).
    pub fn modified(&self) -> Option<&str> {
        self.0.about.modified.as_deref()
    }

    /// Fills `out` with the bytes at `offset`, from as many threads as like; fewer only at its end.
    ///
    /// # Errors
    /// The server no longer answers (`Unreachable`), or has another file there now (`Changed`); without a connection, the bytes
    /// are not kept.
    pub fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, SourceError> {
        let inner = &*self.0;
        if out.is_empty() {
            return Ok(0);
        }
        match &inner.from {
            From::Ranges(flights) => flights.read_at(offset, out),
            From::Body(body) => body.read_at(&inner.kept, &inner.size, offset, out),
            From::Cache => {
                let size = inner.size.get().copied().ok_or_else(|| not_kept(&inner.name))?;
                let wanted = crate::random::at_most(size.saturating_sub(offset), out.len());
                let is_there = inner.kept.read(offset, &mut out[..wanted])?;
                if is_there { Ok(wanted) } else { Err(not_kept(&inner.name)) }
            }
        }
    }

    /// How many bytes its servers sent.
    pub fn fetched_bytes(&self) -> u64 {
        match &self.0.from {
            From::Ranges(flights) => flights.server().fetched_bytes(),
            From::Body(body) => body.server().fetched_bytes(),
            From::Cache => 0,
        }
    }

    /// All bytes, in order.
    pub(crate) fn reader(&self) -> impl io::Read + Send + use<> {
        InOrder { remote: self.clone(), at: 0 }
    }
}

/// What the user typed as an address.
fn parsed(address: &str) -> Result<Url, SourceError> {
    let usage = |message| SourceError::new(SourceErrorKind::Usage, address, message);
    let url = Url::parse(address).map_err(|cause| usage(format!("is no web address ({cause})")))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(usage("is a web address without a server".to_owned()));
    }
    Ok(url)
}

/// An address as messages show it: as it was typed, but for what it says of a user and a password.
fn shown(address: &str, url: &Url) -> String {
    if url.username().is_empty() && url.password().is_none() {
        return address.to_owned();
    }
    let mut public = url.clone();
    // Neither fails where there is a host.
    let _ = public.set_username("");
    let _ = public.set_password(None);
    public.to_string()
}

fn not_kept(name: &str) -> SourceError {
    let message = "is not in the cache, or not all of it, and with --offline nothing is fetched; read it once without";
    SourceError::new(SourceErrorKind::NotFound, name, message)
}

struct InOrder {
    remote: Remote,
    at: u64,
}

impl io::Read for InOrder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.remote.read_at(self.at, out).map_err(io::Error::other).map_err(ReadFailed::mark)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.name())
    }
}

impl PartialEq for Remote {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Remote {}

impl PartialOrd for Remote {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Remote {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl Hash for Remote {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}
