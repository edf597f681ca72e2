//! Sources at web addresses, from the shell.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use ingest_benches::web::{Faults, FaultyServer};

use crate::{Outcome, Room};

fn table(rows: u32) -> String {
    (0..rows).fold("id,name,x\n".to_owned(), |text, n| text + &format!("{n},name {},{}.5\n", n % 7, n / 3))
}

/// Runs a command with a cache of the room's own.
fn run(room: &Room, arguments: &[&str]) -> Outcome {
    let cache = format!("cache={}", room.path("kept").display());
    room.run(&[arguments, &["--storage-option", &cache]].concat())
}

#[test]
fn an_address_is_read_like_a_file() {
    let server = FaultyServer::start().unwrap();
    let text = table(60_000);
    let room = Room::new().file("a.csv", &text);
    let convert = |source: &str, out: &str| run(&room, &["convert", source, "-o", out, "--overwrite"]).ok();
    convert("a.csv", "file.parquet");
    let broken =
        Faults { break_behind: Some((150_000, 3)), refuse: Some((1, 503, Some("0".to_owned()))), ..Faults::default() };
    for faults in [broken.clone(), Faults { no_ranges: true, ..broken.clone() }, Faults { no_length: true, ..broken }] {
        // Each an address of its own: none of it is kept.
        let address = server.put(&format!("/{}{}.csv?v=1", faults.no_ranges, faults.no_length), text.clone(), faults);
        convert(&address, "web.parquet");
        assert!(room.read("web.parquet") == room.read("file.parquet"), "{address}");
        assert_eq!(run(&room, &["count", &address, "--where", "x > 100"]).ok().text(), "59700\n");
    }
    // A table of Parquet: little of it is asked for.
    let stored = room.read("file.parquet");
    let address = server.put("/t.parquet", stored, Faults::default());
    assert_eq!(run(&room, &["count", &address]).ok().text(), "60000\n");
    let named = run(&room, &["convert", &address, "-o", "-", "-f", "csv", "-l", "1", "--path-column", "from"]).ok();
    assert!(named.text().contains(&address), "{}", named.text());
}

#[test]
fn a_look_at_a_large_file_fetches_little() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let address = server.put("/large.csv", table(1_500_000), Faults::default());
    run(&room, &["head", &address, "-l", "5"]).ok();
    let asked = server.asked("/large.csv").bytes;
    assert!(asked < 8 << 20, "{asked} bytes");
}

#[test]
fn failures_of_servers_have_their_exit_codes() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let text = table(60_000);
    let number = std::cell::Cell::new(0);
    let fails = |faults: Faults, more: &[&str]| {
        // Each an address of its own: nothing of it is known.
        number.set(number.get() + 1);
        let address = server.put(&format!("/{}.csv", number.get()), text.clone(), faults);
        let outcome =
            run(&room, &[&["convert", &address, "-o", "out/a.csv", "--storage-option", "retries=1"], more].concat());
        // Neither half a file nor a draft of one.
        let left = fs::read_dir(room.path("out")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "litter");
        outcome
    };
    fs::create_dir(room.path("out")).unwrap();
    let refuse = |status| Faults { refuse: Some((9, status, None)), ..Faults::default() };
    fails(refuse(404), &[]).exits(4).says(&["E0101", "404 Not Found"]);
    fails(refuse(403), &[]).exits(6).says(&["E0201", "403 Forbidden"]);
    fails(refuse(503), &[]).exits(1).says(&["E0207", "the storage is overloaded"]);
    fails(refuse(418), &[]).exits(1).says(&["E0207", "418"]);
    let changed = Faults { change_behind: Some(1), ..Faults::default() };
    fails(changed, &[]).exits(1).says(&["E0202", "changed while it was read"]);
    let short = Faults { longer_by: 1, no_ranges: true, ..Faults::default() };
    fails(short, &[]).exits(1).says(&["E0207", "tried 2 times"]);
    let slow = Faults { delay: std::time::Duration::from_secs(60), ..Faults::default() };
    fails(slow, &["--storage-option", "time-limit=300ms"]).exits(1).says(&["E0207"]);
    fails(Faults::default(), &["--offline"]).exits(4).says(&["--offline"]);
    run(&room, &["count", "http://a b/"]).exits(2).says(&["is no web address"]);
    run(&room, &["count", "x", "--storage-option", "caché=1"]).exits(2).says(&["cache-bytes"]);
    run(&room, &["count", "https://127.0.0.1:1/", "--storage-option", "ca=none.pem"]).exits(4).says(&["none.pem"]);
}

#[test]
fn without_a_connection_what_was_read_is_read_again() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let address = server.put("/a.csv", table(60_000), Faults::default());
    run(&room, &["convert", &address, "-o", "first.csv"]).ok();
    drop(server);
    run(&room, &["convert", &address, "-o", "again.csv", "--offline"]).ok();
    assert!(room.read("again.csv") == room.read("first.csv"));
}

/// A proxy is asked for the whole address, so one that knows it stands for a server that is nowhere.
#[test]
fn proxies_are_those_of_the_environment() {
    let proxy = FaultyServer::start().unwrap();
    let room = Room::new();
    let address = "http://nowhere.invalid/a.csv";
    let own = proxy.put(address, table(10), Faults::default()).replace(address, "");
    let cache = format!("cache={}", room.path("kept").display());
    let counted = |variables: &[(&str, &str)]| {
        let mut command =
            room.command(&["count", address, "--storage-option", "retries=0", "--storage-option", &cache]);
        command.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("http_proxy").envs(variables.iter().copied());
        room.outcome(&mut command)
    };
    counted(&[("HTTP_PROXY", &own), ("NO_PROXY", "nowhere.invalid")]).exits(1).says(&["E0207"]);
    assert_eq!(proxy.asked(address).requests, 0);
    assert_eq!(counted(&[("HTTP_PROXY", &own)]).ok().text(), "10\n");
    assert_eq!(proxy.asked(address).requests, 1);
}

/// A server whose certificate nobody but itself vouches for.
#[test]
fn certificates_are_checked_and_authorities_can_be_named() {
    const SERVER: &str = "
import http.server, ssl, sys
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('own.pem', 'key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
";
    let room = Room::new().file("a.csv", table(10)).file("server.py", SERVER);
    let folder = room.path("a.csv").parent().unwrap().to_owned();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args([
            "-subj",
            "/CN=own",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "own.pem",
        ])
        .current_dir(&folder)
        .output();
    let mut server = Command::new("python3");
    server.arg("server.py").current_dir(&folder).stderr(Stdio::null()).stdout(Stdio::piped());
    let (Ok(made), Ok(mut server)) = (made, server.spawn()) else {
        let _ = writeln!(std::io::stderr().lock(), "skipped: openssl or python3 is not there");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let address = format!("https://127.0.0.1:{}/a.csv", port.trim());
    let refused = run(&room, &["count", &address]);
    let trusted = run(&room, &["count", &address, "--storage-option", "ca=own.pem"]);
    server.kill().and_then(|()| server.wait()).unwrap();
    refused.exits(1).says(&["E0207", "cannot be trusted", "ca=FILE"]);
    assert_eq!(trusted.ok().text(), "10\n");
}
