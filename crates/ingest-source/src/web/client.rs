//! One address of a server: its requests, and what their answers mean.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::tls::Certificate;
use reqwest::{StatusCode, Url};

use crate::error::{SourceError, SourceErrorKind};

use super::about::About;
use super::options::WebOptions;
use super::patience::{Patience, Trouble, wait_asked};

/// As many redirects are followed.
const REDIRECTS_MAX: usize = 10;

/// How long a connection may take to be there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What a server answers to the first request.
pub(super) enum Asked {
    /// The file is as it was known.
    AsKnown,
    /// A part, as asked: any other can be had as well.
    Part { about: About, first: Piece },
    /// All of it, once.
    Whole { about: About, body: Response },
    /// There is nothing in it.
    Empty { about: About },
}

/// Bytes of a file on their way.
pub(super) struct Piece {
    pub range: Range<u64>,
    pub body: Response,
}

/// A file of a server.
pub(super) struct Server {
    name: String,
    url: Url,
    client: Client,
    options: WebOptions,
    deadline: Option<Instant>,
    fetched: AtomicU64,
}

impl Server {
    pub(super) fn new(name: &str, url: Url, options: &WebOptions) -> Result<Server, SourceError> {
        let deadline = options.time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let client = client(name, options)?;
        Ok(Server {
            name: name.to_owned(),
            url,
            client,
            options: options.clone(),
            deadline,
            fetched: AtomicU64::new(0),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn patience(&self) -> Patience {
        Patience::new(&self.options, self.deadline)
    }

    pub(super) fn fetched_bytes(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Asks for the first bytes, unless the file is as it is known.
    pub(super) fn first(&self, range: Range<u64>, known: Option<&About>) -> Result<Asked, SourceError> {
        let mut patience = self.patience();
        loop {
            let trouble = match self.try_first(&range, known) {
                Ok(asked) => return Ok(asked),
                Err(trouble) => trouble,
            };
            patience.wait(trouble).map_err(|trouble| trouble.error(&self.name))?;
        }
    }

    fn try_first(&self, range: &Range<u64>, known: Option<&About>) -> Result<Asked, Trouble> {
        let mut request = self.request()?.header(RANGE, range_text(range));
        if let Some(etag) = known.and_then(|known| known.etag.as_deref()) {
            request = request.header(IF_NONE_MATCH, etag);
        } else if let Some(modified) = known.and_then(|known| known.modified.as_deref()) {
            request = request.header(IF_MODIFIED_SINCE, modified);
        }
        let answer = self.connect(request)?;
        match answer.status() {
            StatusCode::NOT_MODIFIED if known.is_some() => Ok(Asked::AsKnown),
            StatusCode::PARTIAL_CONTENT => match About::of_part(answer.headers()) {
                Some((about, range)) if range.start == 0 && about.has_ranges => {
                    Ok(Asked::Part { about, first: Piece { range, body: answer } })
                }
                // What cannot be told apart from another version is read in one piece.
                _ => self.try_whole().map(|(about, body)| Asked::Whole { about, body }),
            },
            StatusCode::RANGE_NOT_SATISFIABLE => match About::of_empty(answer.headers()) {
                Some(about) => Ok(Asked::Empty { about }),
                None => self.try_whole().map(|(about, body)| Asked::Whole { about, body }),
            },
            StatusCode::OK => Ok(Asked::Whole { about: About::of_whole(answer.headers()), body: answer }),
            _ => Err(refusal(&answer)),
        }
    }

    /// Asks for all of the file, once.
    pub(super) fn try_whole(&self) -> Result<(About, Response), Trouble> {
        let answer = self.connect(self.request()?)?;
        match answer.status() {
            StatusCode::OK => Ok((About::of_whole(answer.headers()), answer)),
            _ => Err(refusal(&answer)),
        }
    }

    /// Asks for a part of the file, once; the answer may hold less of it.
    pub(super) fn try_part(&self, range: Range<u64>, about: &About) -> Result<Piece, Trouble> {
        let answer = self.connect(self.request()?.header(RANGE, range_text(&range)))?;
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => match About::of_part(answer.headers()) {
                Some((now, _)) if !about.agrees_with(&now) => Err(changed()),
                Some((_, part)) if part.start == range.start && part.end <= range.end => {
                    Ok(Piece { range: part, body: answer })
                }
                _ => Err(Trouble::passing(format!("the server sends another part than bytes {}", in_words(&range)))),
            },
            StatusCode::OK if !about.agrees_with(&About::of_whole(answer.headers())) => Err(changed()),
            StatusCode::OK => Err(Trouble::passing("the server sends all of the file where a part was asked for")),
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PRECONDITION_FAILED => Err(changed()),
            _ => Err(refusal(&answer)),
        }
    }

    /// The next bytes of an answer; 0 at its end.
    pub(super) fn read(&self, body: &mut Response, out: &mut [u8]) -> Result<usize, Trouble> {
        if self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Err(Trouble::lasting(SourceErrorKind::Unreachable, "no time is left of its limit"));
        }
        let read =
            body.read(out).map_err(|cause| Trouble::passing(format!("the connection broke off: {}", chain(&cause))));
        self.fetched.fetch_add(*read.as_ref().unwrap_or(&0) as u64, Ordering::Relaxed);
        read
    }

    /// An answer that makes no sense.
    pub(super) fn odd(&self, what: &str) -> SourceError {
        SourceError::new(SourceErrorKind::Unreachable, &self.name, format!("the server answers {what}"))
    }

    fn request(&self) -> Result<RequestBuilder, Trouble> {
        // Bytes as they are stored: what is compressed is recognised by them.
        let request = self.client.get(self.url.clone()).header(ACCEPT_ENCODING, "identity");
        match self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => Ok(request),
            Some(left) if left.is_zero() => {
                Err(Trouble::lasting(SourceErrorKind::Unreachable, "no time is left of its limit"))
            }
            Some(left) => Ok(request.timeout(left)),
        }
    }

    fn connect(&self, request: RequestBuilder) -> Result<Response, Trouble> {
        let mut patience = Patience::to_connect(&self.options, self.deadline);
        loop {
            let again = request.try_clone();
            let error = match again.unwrap_or_else(|| self.client.get(self.url.clone())).send() {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let is_connecting = error.is_connect();
            let lasts = error.is_redirect() || error.is_builder();
            let message = told(&error.without_url());
            if lasts {
                return Err(Trouble::lasting(SourceErrorKind::Unreachable, message));
            }
            if !is_connecting {
                return Err(Trouble::passing(message));
            }
            let lasting = |trouble: Trouble| Trouble { passes: false, ..trouble };
            patience.wait(Trouble::passing(message)).map_err(lasting)?;
        }
    }
}

/// The file is another by now.
pub(super) fn changed() -> Trouble {
    let message = "the file on the server changed while it was read; run again once nothing writes to it";
    Trouble::lasting(SourceErrorKind::Changed, message)
}

fn range_text(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end - 1)
}

fn in_words(range: &Range<u64>) -> String {
    format!("{} to {}", range.start, range.end - 1)
}

/// What an answer without the file means.
fn refusal(answer: &Response) -> Trouble {
    let status = answer.status();
    let said = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    };
    let lasting = |kind, more: &str| Trouble::lasting(kind, format!("the server answers {said}{more}"));
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => lasting(SourceErrorKind::NotFound, ""),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            lasting(SourceErrorKind::AccessDenied, "; whoever runs it may let you in, or the address may have expired")
        }
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let wait = answer.headers().get(RETRY_AFTER).and_then(|text| wait_asked(text.to_str().ok()?));
            let is_busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            let busy = if is_busy { ": the storage is overloaded" } else { "" };
            let asks = wait.map_or_else(String::new, |wait| format!(", and asks to wait {} s", wait.as_secs()));
            Trouble { wait, ..Trouble::passing(format!("the server answers {said}{busy}{asks}")) }
        }
        _ => lasting(SourceErrorKind::Unreachable, ""),
    }
}

fn told(error: &reqwest::Error) -> String {
    let causes = chain(error);
    match () {
        () if error.is_timeout() => format!("the server does not answer in time: {causes}"),
        () if causes.contains("certificate") => {
            format!("the server cannot be trusted: {causes}; --storage-option ca=FILE names an authority to trust")
        }
        () if error.is_connect() => format!("the server cannot be reached: {causes}"),
        () => causes,
    }
}

/// An error and its causes; what is said twice is said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Clients keep connections, so all files that are read in the same way share one.
static CLIENTS: Mutex<Vec<(Option<PathBuf>, Duration, Client)>> = Mutex::new(Vec::new());

fn client(name: &str, options: &WebOptions) -> Result<Client, SourceError> {
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = clients.iter().find(|(ca, timeout, _)| *ca == options.ca && *timeout == options.timeout);
    if let Some((_, _, client)) = known {
        return Ok(client.clone());
    }
    let client = new_client(name, options)?;
    clients.push((options.ca.clone(), options.timeout, client.clone()));
    Ok(client)
}

fn new_client(name: &str, options: &WebOptions) -> Result<Client, SourceError> {
    // Where the program has chosen another one already, that is fine, too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("ingest/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
        .timeout(options.timeout)
        .redirect(Policy::custom(follow));
    if let Some(ca) = &options.ca {
        builder = builder.tls_certs_merge(certificates(ca)?);
    }
    builder.build().map_err(|cause| {
        let message = format!("no connection can be made ready: {}", chain(&cause));
        SourceError::new(SourceErrorKind::Unreachable, name, message)
    })
}

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let was_safe = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if was_safe && attempt.url().scheme() != "https" {
        return attempt.error("the server redirects from https to an address that is not safe");
    }
    if attempt.previous().len() > REDIRECTS_MAX {
        return attempt.error("the server redirects again and again");
    }
    attempt.follow()
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, SourceError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| SourceError::system(&name, "read", cause))?;
    let usage = |message: String| SourceError::new(SourceErrorKind::Usage, &name, message);
    let found = Certificate::from_pem_bundle(&bytes);
    match found {
        Ok(found) if found.is_empty() => Err(usage("holds no certificate; PEM is what is read".to_owned())),
        found => found.map_err(|cause| usage(format!("is no file of certificates: {}", chain(&cause)))),
    }
}
