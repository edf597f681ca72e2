//! Mounts from the shell: how they begin, and every way in which they end.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::{Room, program};

/// Far more than anything here takes; whoever waits looks again and again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A room with two datasets, of which nothing stays mounted whatever a test does.
struct Mounts {
    room: Room,
}

impl Mounts {
    /// `None`: there is no FUSE here, which is then said.
    fn new() -> Option<Mounts> {
        let room = Room::new().file("img/a/1.txt", "one").file("img/2.txt", "two").file("t.csv", "a,b\n1,x\n2,y\n");
        room.run(&["init"]).ok();
        room.run(&["dataset", "register", "images", "img", "--files"]).ok();
        room.run(&["dataset", "register", "table", "t.csv"]).ok();
        let mounts = Mounts { room };
        let tried = mounts.room.run(&["mount", "images", "m", "--mode", "mount", "--detach"]);
        if tried.status == Some(0) {
            mounts.room.run(&["unmount", "m"]).ok();
            mounts.wait_until_gone();
            return Some(mounts);
        }
        // Not by `eprintln!`, which is captured where a test passes.
        let _ = writeln!(std::io::stderr().lock(), "skipped: {}", tried.stderr);
        None
    }

    /// Starts one in the foreground, and waits until it can be read.
    fn start(&self) -> Child {
        let mut command = Command::new(program());
        command.args(["mount", "images", "m"]).current_dir(self.room.folder.path()).env_remove("INGEST_WORKSPACE");
        let child = command.spawn().unwrap();
        wait_until("it is mounted", || self.room.path("m/2.txt").exists());
        child
    }

    /// Lines of the system's table that are about this room.
    fn mounted(&self) -> Vec<String> {
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let folder = self.room.folder.path().canonicalize().unwrap();
        table.lines().filter(|line| line.contains(folder.to_str().unwrap())).map(str::to_owned).collect()
    }

    /// Processes of the program that are about this room.
    fn processes(&self) -> Vec<u32> {
        let folder = self.room.folder.path().canonicalize().unwrap();
        let is_ours = |pid: &u32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(folder.to_str().unwrap())
        };
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        pids.filter(is_ours).collect()
    }

    fn wait_until_gone(&self) {
        wait_until("it is unmounted", || self.mounted().is_empty());
        wait_until("no process is left", || self.processes().is_empty());
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-q", "-l"]).arg(self.room.path("m")).status();
    }
}

#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it took too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

#[test]
fn a_detached_mount_stays_until_it_is_unmounted() {
    let Some(mounts) = Mounts::new() else { return };
    let room = &mounts.room;
    room.run(&["mount", "images:1", "m", "--detach"]).ok().says(&["mounted images:1 at", "2 files", "mode auto: FUSE"]);
    assert_eq!((room.read("m/2.txt"), room.read("m/a/1.txt")), (b"two".to_vec(), b"one".to_vec()));
    let line = mounts.mounted().concat();
    for part in ["ro,nosuid,nodev,noatime", "ingest:images:1"] {
        assert!(line.contains(part), "{line}");
    }
    room.run(&["mount", "images", "m"]).exits(2).says(&["images:1 is mounted here already", "ingest unmount"]);
    room.run(&["mount", "images", "img", "--detach"]).exits(2).says(&["E0102", "not empty"]);
    room.run(&["mount", "gone", "n", "--detach"]).exits(4).says(&["E0400"]);
    room.run(&["unmount", "m"]).ok().says(&["unmounted m"]);
    mounts.wait_until_gone();
    room.run(&["unmount", "m"]).exits(4).says(&["no dataset is mounted here"]);
    wait_until("empty logs are removed", || fs::read_dir(room.path(".ingest/mounts")).unwrap().count() == 0);
}

#[test]
fn what_is_in_use_is_unmounted_out_of_sight() {
    let Some(mounts) = Mounts::new() else { return };
    mounts.room.run(&["mount", "images", "m", "--detach"]).ok();
    let held = fs::File::open(mounts.room.path("m/2.txt")).unwrap();
    mounts.room.run(&["unmount", "m"]).ok().says(&["its files are in use"]);
    assert!(mounts.mounted().is_empty() && !mounts.processes().is_empty());
    assert_eq!(std::io::read_to_string(&held).unwrap(), "two", "and is served until it no longer is");
    drop(held);
    mounts.wait_until_gone();
}

#[test]
fn signals_unmount() {
    let Some(mounts) = Mounts::new() else { return };
    for signal in ["-TERM", "-INT", "-HUP"] {
        let mut child = mounts.start();
        let held = fs::File::open(mounts.room.path("m/2.txt")).unwrap();
        send(signal, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert!(mounts.mounted().is_empty(), "{signal}: also what is in use");
        drop(held);
        mounts.wait_until_gone();
    }
}

#[test]
fn a_kill_unmounts() {
    let Some(mounts) = Mounts::new() else { return };
    let kills = if std::env::var_os("INGEST_HEAVY").is_some() { 50 } else { 5 };
    for _ in 0..kills {
        let mut child = mounts.start();
        child.kill().unwrap();
        child.wait().unwrap();
        mounts.wait_until_gone();
    }
    // Also at any moment of the start.
    for wait in 0..kills {
        let mut command = Command::new(program());
        command.args(["mount", "images", "m"]).current_dir(mounts.room.folder.path()).env_remove("INGEST_WORKSPACE");
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(3 * wait));
        child.kill().unwrap();
        child.wait().unwrap();
        mounts.wait_until_gone();
    }
}

#[test]
fn what_even_the_guard_left_is_told_and_cleaned() {
    let Some(mounts) = Mounts::new() else { return };
    let room = &mounts.room;
    room.run(&["mount", "images", "m", "--detach"]).ok();
    // The guard first: else it would do its work.
    let (guards, servers): (Vec<u32>, Vec<u32>) = mounts.processes().into_iter().partition(|pid| {
        String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap()).contains("--guard-of-mount")
    });
    assert_eq!((guards.len(), servers.len()), (1, 1));
    guards.iter().chain(&servers).for_each(|pid| send("-KILL", *pid));
    wait_until("it is dead", || fs::read(room.path("m/2.txt")).is_err());
    let told = room.run(&["doctor"]).exits(1).text();
    assert!(told.contains("nobody serves") && told.contains("ingest unmount DIR"), "{told}");
    room.run(&["mount", "images", "m", "--detach"]).ok().says(&["took away a mount that nobody served any more"]);
    assert_eq!(mounts.mounted().len(), 1);
    assert_eq!(room.read("m/2.txt"), b"two");
    room.run(&["unmount", "m"]).ok();
    mounts.wait_until_gone();
}

#[test]
fn a_changed_source_is_told_in_the_log() {
    let Some(mounts) = Mounts::new() else { return };
    let room = &mounts.room;
    let said = room.run(&["mount", "images", "m", "--detach"]).ok().stderr;
    fs::write(room.path("img/2.txt"), "TWO").unwrap();
    assert_eq!(fs::read(room.path("m/2.txt")).unwrap_err().raw_os_error(), Some(5), "EIO");
    let log = said.lines().find_map(|line| line.strip_prefix("files that cannot be read are told in ")).unwrap();
    let told = fs::read_to_string(Path::new(log)).unwrap();
    assert!(told.contains("error[E0402]") && told.contains("img/2.txt: holds other bytes"), "{told}");
    room.run(&["unmount", "m"]).ok();
}

#[test]
fn a_table_is_mounted_or_downloaded_as_parquet() {
    let room = Room::new().file("t.csv", "a,b\n1,x\n2,y\n").file("img/1", "1");
    room.run(&["init"]).ok();
    room.run(&["dataset", "register", "table", "t.csv"]).ok();
    room.run(&["dataset", "register", "images", "img", "--files"]).ok();
    room.run(&["mount", "table", "d", "--mode", "download"]).ok().says(&["wrote d/table.parquet: table:1"]);
    assert_eq!(room.run(&["count", "d/table.parquet"]).ok().text(), "2\n");
    room.run(&["mount", "table", "d", "--mode", "download"]).exits(2).says(&["E0102"]);
    room.run(&["mount", "images", "i", "--mode", "download", "--detach"]).ok().says(&["downloaded images:1: 1 file"]);
    assert_eq!(room.read("i/1"), b"1");
    let Some(mounts) = Mounts::new() else { return };
    mounts.room.run(&["mount", "table", "m", "--detach"]).ok();
    assert_eq!(mounts.room.run(&["count", "m/table.parquet"]).ok().text(), "2\n");
    mounts.room.run(&["unmount", "m"]).ok();
    mounts.wait_until_gone();
}
