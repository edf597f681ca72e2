//! The servers that people run: nginx, which has ranges and ETags, and Python's, which has neither.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ingest_source::{Block, Source, SourceOptions, WebOptions, locate};

/// A server that is ended when it is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a server, if the machine has it, and waits until it answers.
fn started(what: &str, command: impl FnOnce(u16) -> Command) -> Option<Server> {
    // Nobody else takes it: the system gives ports in turn.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let process = command(port).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(process) = process else {
        // Not by a macro, whose text is captured where a test passes.
        let _ = writeln!(std::io::stderr().lock(), "skipped: {what} is not there");
        return None;
    };
    let server = Server { process, port };
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what} does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

fn nginx(root: &Path, own: &Path) -> Option<Server> {
    started("nginx", |port| {
        let (root, own) = (root.display(), own.display());
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {own}/{kind};"))
            .concat();
        // The process that is started is the one that answers.
        let text = format!(
            "daemon off; master_process off; pid {own}/pid; error_log {own}/error.log; events {{}}
             http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; root {root}; }} }}"
        );
        let path = format!("{own}/nginx.conf");
        std::fs::write(&path, text).expect("written");
        let mut command = Command::new("nginx");
        command.args(["-c", &path]);
        command
    })
}

fn python(root: &Path) -> Option<Server> {
    started("python3", |port| {
        let mut command = Command::new("python3");
        command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]).current_dir(root);
        command
    })
}

fn read(address: &str, web: &WebOptions) -> Vec<u8> {
    let options = SourceOptions { web: web.clone(), ..SourceOptions::default() };
    let mut bytes = Vec::new();
    for location in locate(&[address.to_owned()], &options).expect("found") {
        let source = Source::open(&location, &options).expect("opened");
        let mut block = Block::new();
        while source.next_block(&mut block, 1 << 20, 0).expect("read").is_some() {
            bytes.extend_from_slice(block.bytes());
        }
    }
    bytes
}

#[test]
fn files_of_real_servers_are_read_and_kept() {
    let (root, own, cache) = [0; 3].map(|_| tempfile::tempdir().expect("a folder")).into();
    let text = "a,b\n1,2\n".repeat(600_000).into_bytes();
    std::fs::write(root.path().join("t.csv"), &text).expect("written");
    std::fs::write(root.path().join("t.csv.gz"), crate::support::gzip(&text, 1 << 20)).expect("written");
    std::fs::write(root.path().join("empty"), b"").expect("written");
    for server in [nginx(root.path(), own.path()), python(root.path())].into_iter().flatten() {
        let web = WebOptions { cache: Some(cache.path().to_owned()), ..WebOptions::default() };
        let offline = WebOptions { offline: true, ..web.clone() };
        let address = |name: &str| format!("http://127.0.0.1:{}/{name}", server.port);
        for name in ["t.csv", "t.csv.gz"] {
            for web in [&web, &web, &offline] {
                assert!(read(&address(name), web) == text, "{name}");
            }
        }
        assert_eq!(read(&address("empty"), &web), b"");
        assert!(locate(&[address("none")], &SourceOptions::default()).is_err());
    }
}
