//! A web server whose faults are known: what readers of web addresses are tried with.
//!
//! Each path has its bytes and its [`Faults`]; it counts what it was asked for and what it sent. HTTP/1.1, a connection a
//! request, on a port of its own of this machine, until it is dropped.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What a path answers otherwise than it should.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// It knows no ranges, and sends all of the file.
    pub no_ranges: bool,
    /// It tells neither ETag nor time of change.
    pub no_validator: bool,
    /// It tells no length: the body comes in chunks.
    pub no_length: bool,
    /// The connection ends behind so many bytes of a body, so often.
    pub break_behind: Option<(usize, u32)>,
    /// So many requests are answered with this status, and this `Retry-After`, if there is one.
    pub refuse: Option<(u32, u16, Option<String>)>,
    /// It waits so long before each answer.
    pub delay: Duration,
    /// Behind so many requests, it has other bytes (each is one more) and another ETag.
    pub change_behind: Option<u32>,
    /// The same, but the ETag stays.
    pub change_secretly_behind: Option<u32>,
    /// It says that bodies are so much longer than they are.
    pub longer_by: usize,
    /// Where it sends who asks.
    pub redirect: Option<String>,
}

/// What a path was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Requests.
    pub requests: u32,
    /// Bytes of bodies that were sent.
    pub bytes: u64,
}

struct Page {
    bytes: Arc<Vec<u8>>,
    faults: Faults,
    asked: Asked,
}

#[derive(Default)]
struct State {
    pages: Mutex<HashMap<String, Page>>,
    is_over: AtomicBool,
}

/// A server that runs until it is dropped.
pub struct FaultyServer {
    address: SocketAddr,
    state: Arc<State>,
    acceptor: Option<thread::JoinHandle<()>>,
}

impl FaultyServer {
    /// Starts one.
    ///
    /// # Errors
    /// No port is to be had.
    pub fn start() -> std::io::Result<FaultyServer> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = shared.clone();
                // Who asks may have gone away meanwhile.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared)));
            }
        });
        Ok(FaultyServer { address, state, acceptor: Some(acceptor) })
    }

    /// Puts bytes at a path (which begins with `/`), and tells their address. What was counted there begins anew.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>, faults: Faults) -> String {
        let page = Page { bytes: Arc::new(bytes.into()), faults, asked: Asked::default() };
        self.pages().insert(path.to_owned(), page);
        self.address_of(path)
    }

    /// The address of a path.
    pub fn address_of(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What a path was asked for so far.
    pub fn asked(&self, path: &str) -> Asked {
        self.pages().get(path).map(|page| page.asked).unwrap_or_default()
    }

    fn pages(&self) -> MutexGuard<'_, HashMap<String, Page>> {
        self.state.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes whoever waits for the next connection.
        let woken = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken.is_ok()) {
            let _ = acceptor.join();
        }
    }
}

/// What somebody asks for.
#[derive(Debug, Default)]
struct Request {
    path: String,
    range: Option<(u64, Option<u64>)>,
    etag: Option<String>,
}

fn read_request(stream: &TcpStream) -> std::io::Result<Request> {
    let mut request = Request::default();
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    first.split(' ').nth(1).unwrap_or_default().clone_into(&mut request.path);
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let range = value.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
                request.range = range.and_then(|(from, last)| Some((from.parse().ok()?, last.parse().ok())));
            }
            "if-none-match" => request.etag = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(request)
}

/// What is sent.
struct Answer {
    head: String,
    body: Arc<Vec<u8>>,
    part: Range<usize>,
    /// How many bytes of the part are sent.
    sent: usize,
    in_chunks: bool,
}

fn serve(stream: &TcpStream, state: &State) -> std::io::Result<()> {
    let request = read_request(stream)?;
    let (delay, answer) = {
        let mut pages = state.pages.lock().unwrap_or_else(PoisonError::into_inner);
        match pages.get_mut(&request.path) {
            Some(page) => (page.faults.delay, answer(page, &request)),
            None => (Duration::ZERO, Answer::of_head("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n")),
        }
    };
    thread::sleep(delay);
    let sent = answer.send(stream);
    let mut pages = state.pages.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Some(page), Ok(sent)) = (pages.get_mut(&request.path), &sent) {
        page.asked.bytes += *sent as u64;
    }
    sent.map(drop)
}

/// What a page answers, faults and all.
fn answer(page: &mut Page, request: &Request) -> Answer {
    page.asked.requests += 1;
    let Page { faults, asked, .. } = page;
    if let Some((times, status, wait)) = &mut faults.refuse
        && *times > 0
    {
        *times -= 1;
        let wait = wait.as_ref().map(|wait| format!("Retry-After: {wait}\r\n")).unwrap_or_default();
        return Answer::of_head(&format!("HTTP/1.1 {status} Odd\r\nContent-Length: 0\r\n{wait}"));
    }
    if let Some(other) = &faults.redirect {
        return Answer::of_head(&format!("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {other}\r\n"));
    }
    let is_behind = |count: Option<u32>| count.is_some_and(|count| asked.requests > count);
    let is_changed = is_behind(faults.change_behind);
    let (etag, bytes) = match is_changed || is_behind(faults.change_secretly_behind) {
        false => ("\"one\"", page.bytes.clone()),
        true => {
            let other = page.bytes.iter().map(|byte| byte.wrapping_add(1)).collect();
            (if is_changed { "\"two\"" } else { "\"one\"" }, Arc::new(other))
        }
    };
    let validator = if faults.no_validator { String::new() } else { format!("ETag: {etag}\r\n") };
    if !faults.no_validator && request.etag.as_deref() == Some(etag) {
        return Answer::of_head(&format!("HTTP/1.1 304 Not Modified\r\n{validator}"));
    }
    let size = bytes.len();
    let (status, part) = match request.range.filter(|_| !faults.no_ranges) {
        None => ("200 OK".to_owned(), 0..size),
        Some((from, _)) if from >= size as u64 => {
            let head = format!("HTTP/1.1 416 Odd\r\nContent-Length: 0\r\nContent-Range: bytes */{size}\r\n{validator}");
            return Answer::of_head(&head);
        }
        Some((from, last)) => {
            let end = last.map_or(size, |last| size.min(last as usize + 1));
            (format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{size}", end - 1), from as usize..end)
        }
    };
    let length = match faults.no_length {
        true => "Transfer-Encoding: chunked\r\n".to_owned(),
        false => format!("Content-Length: {}\r\n", part.len() + faults.longer_by),
    };
    let head = format!("HTTP/1.1 {status}\r\n{length}{validator}");
    let mut sent = part.len();
    if let Some((most, times)) = faults.break_behind.as_mut().filter(|(_, times)| *times > 0) {
        *times -= 1;
        sent = sent.min(*most);
    }
    Answer { head, body: bytes, part, sent, in_chunks: faults.no_length }
}

impl Answer {
    fn of_head(head: &str) -> Answer {
        Answer { head: head.to_owned(), body: Arc::default(), part: 0..0, sent: 0, in_chunks: false }
    }

    /// How many bytes of the body were sent.
    fn send(&self, mut stream: &TcpStream) -> std::io::Result<usize> {
        stream.write_all(format!("{}Connection: close\r\n\r\n", self.head).as_bytes())?;
        let body = &self.body[self.part.clone()];
        for piece in body[..self.sent].chunks(64 << 10) {
            if self.in_chunks {
                stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
            } else {
                stream.write_all(piece)?;
            }
        }
        if self.in_chunks && self.sent == body.len() {
            stream.write_all(b"0\r\n\r\n")?;
        }
        stream.flush()?;
        // What was sent arrives; where the connection is to break, the rest never comes.
        stream.shutdown(Shutdown::Write)?;
        Ok(self.sent)
    }
}
