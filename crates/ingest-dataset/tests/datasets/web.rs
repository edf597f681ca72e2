//! Datasets of what lies on web servers.

use ingest::{Code, Options, Result, WebOptions};
use ingest_benches::web::{Faults, FaultyServer};
use ingest_dataset::{Check, Definition, Download, Registration, Version};

use crate::{Room, numbers, tabular};

fn run(room: &Room) -> Options {
    Options {
        web: WebOptions { cache: Some(room.path("kept")), retries: 1, ..WebOptions::default() },
        ..Options::default()
    }
}

fn registered(room: &Room, definition: &Definition, snapshot: bool) -> Version {
    let registration = Registration { snapshot, ..Registration::default() };
    room.workspace.register("web", definition, &registration, &run(room)).unwrap().version
}

fn read(room: &Room, version: &Version, run: &Options) -> Result<Vec<Option<i64>>> {
    Ok(numbers(&room.workspace.open_table(version, run)?.collect()?, "n"))
}

#[test]
fn a_version_is_of_what_the_server_had() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let address = server.put("/t.csv", "n\n1\n2\n", Faults::default());
    let version = registered(&room, &tabular(&address, Vec::new()), false);
    assert_eq!((version.rows, version.definition.sources()), (Some(2), &[address.clone()][..]));
    let files = room.workspace.files(&version).unwrap();
    assert_eq!((files[0].relative.as_str(), files[0].fingerprint.validator.as_deref()), ("t.csv", Some("\"one\"")));
    // Read again, the server is asked, and sends nothing.
    let before = server.asked("/t.csv").bytes;
    assert_eq!(read(&room, &version, &run(&room)).unwrap(), [Some(1), Some(2)]);
    assert_eq!(server.asked("/t.csv").bytes, before);
    // The same bytes under another ETag are the same; others are not, whatever their ETag.
    let same = Faults { no_validator: true, ..Faults::default() };
    server.put("/t.csv", "n\n1\n2\n", same.clone());
    assert_eq!(read(&room, &version, &run(&room)).unwrap(), [Some(1), Some(2)]);
    for (text, faults) in [("n\n1\n3\n", same), ("n\n1\n3\n4\n", Faults::default())] {
        server.put("/t.csv", text, faults);
        let error = read(&room, &version, &run(&room)).unwrap_err();
        assert!(error.code() == Code::ContentChanged && error.message().contains(&address), "{error}");
    }
    drop(server);
    // That nobody answers says nothing of the file.
    let error = read(&room, &version, &run(&room)).unwrap_err();
    assert_eq!(error.code(), Code::Unreachable, "{error}");
}

#[test]
fn what_is_kept_is_read_without_a_connection() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let address = server.put("/t.csv", "n\n1\n2\n", Faults::default());
    let version = registered(&room, &tabular(&address, Vec::new()), false);
    drop(server);
    let mut offline = run(&room);
    offline.web.offline = true;
    assert_eq!(read(&room, &version, &offline).unwrap(), [Some(1), Some(2)]);
    offline.web.cache = Some(room.path("none"));
    assert_eq!(read(&room, &version, &offline).unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_snapshot_outlives_its_server() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in [("a.csv", "n\n1\n"), ("b.csv", "n\n2\n")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let address = server.put("/t.tar", tar.into_inner().unwrap(), Faults { no_ranges: true, ..Faults::default() });
    let version = registered(&room, &tabular(&address, Vec::new()), true);
    drop(server);
    std::fs::remove_dir_all(room.path("kept")).unwrap();
    assert_eq!(read(&room, &version, &run(&room)).unwrap(), [Some(1), Some(2)]);
    assert_eq!(room.workspace.changes(&version, Check::Thorough, &run(&room)).unwrap(), []);
}

#[test]
fn files_of_servers_are_downloaded_in_their_layout() {
    let server = FaultyServer::start().unwrap();
    let room = Room::new();
    let broken = Faults { break_behind: Some((70_000, 2)), ..Faults::default() };
    let sources = [
        server.put("/d/a.bin?key=1/2", b"abc".repeat(100_000), broken),
        server.put("/d/e/b%2F..%2Fc", b"b".to_vec(), Faults::default()),
    ];
    let version = registered(&room, &Definition::files(&sources, Vec::new()).unwrap(), false);
    let download = |how| room.workspace.download(&version, &room.path("out"), how, &run(&room));
    let done = download(Download::default()).unwrap();
    assert_eq!((done.files, done.bytes), (2, 300_001));
    assert!(std::fs::read(room.path("out/a.bin")).unwrap() == b"abc".repeat(100_000));
    assert_eq!(std::fs::read(room.path("out/e/b%2F..%2Fc")).unwrap(), b"b");
    assert_eq!(download(Download::default()).unwrap().present, 2);
    // Gone, or another.
    std::fs::remove_dir_all(room.path("out")).unwrap();
    server.put("/d/e/b%2F..%2Fc", b"c".to_vec(), Faults { refuse: Some((99, 404, None)), ..Faults::default() });
    assert_eq!(download(Download::default()).unwrap_err().code(), Code::NotFound);
    let left_out = download(Download { ignore_not_found: true, ..Download::default() }).unwrap();
    assert_eq!(left_out.missing, [sources[1].clone()]);
    server.put("/d/e/b%2F..%2Fc", b"c".to_vec(), Faults { change_behind: Some(0), ..Faults::default() });
    assert_eq!(download(Download::default()).unwrap_err().code(), Code::ContentChanged);
    assert!(std::fs::read_dir(room.path("out/e")).unwrap().next().is_none(), "litter");
}
