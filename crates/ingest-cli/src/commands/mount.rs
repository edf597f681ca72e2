//! `ingest mount`: a dataset as a folder that can be read.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use clap::{ValueEnum, ValueHint};
use ingest::{Code, Error, Options, Result};
use ingest_dataset::{Download, Kind, Version, Workspace};
use ingest_mount::{Ended, Mount, Signals, View};

use crate::commands::dataset::Named;
use crate::commands::download::{download, summary};
use crate::console::Console;
use crate::options::WebArgs;
use crate::size;

const EXAMPLES: &str = "\
Examples:
  ingest mount images data/images
  ingest mount images:3 data/images --detach && ls data/images
  ingest mount titanic data/titanic --mode download";

/// Show a dataset as a folder that can be read, until it is unmounted.
///
/// Files have the bytes that were registered, or cannot be read. A table is one Parquet file, which is made when somebody first asks for
/// its size. Ctrl-C unmounts.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    dataset: Named,

    /// The folder: an empty one, or one that is not there yet.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,

    /// Return once it is mounted, and leave a process behind [default: serve it until Ctrl-C].
    #[arg(long)]
    detach: bool,

    /// How the files get there; auto: mounted where FUSE is to be had, else copied.
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Auto)]
    mode: Mode,

    #[command(flatten)]
    web: WebArgs,

    /// Serve what another process mounts, and tell it; messages go to this file [default: none].
    #[arg(long, value_name = "LOG", hide = true)]
    serve_for: Option<PathBuf>,
}

/// How files get to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    Auto,
    Mount,
    Download,
}

/// Says to the process that waits that it may go.
const MOUNTED: &str = "mounted";

/// The first argument of the process that unmounts when the one that serves is killed.
const GUARD: &str = "--guard-of-mount";

/// Reading the registry for a million files takes seconds. Where it takes as long as this, something is stuck.
const DETACH_MAX: Duration = Duration::from_secs(120);

/// The folder whose guard this process is, if it is one.
pub(crate) fn guarded() -> Option<PathBuf> {
    let mut arguments = env::args_os().skip(1);
    let is_guard = arguments.next().is_some_and(|argument| argument == GUARD);
    if is_guard { arguments.next().map(PathBuf::from) } else { None }
}

/// Mounts, and serves until it is unmounted; or copies.
pub(crate) fn run(args: &Args, console: &Console) -> Result<()> {
    let (workspace, version) = args.dataset.found()?;
    if args.mode == Mode::Download {
        return copy(&workspace, &version, args, console);
    }
    let refused = match (ingest_mount::why_not(), args.detach) {
        (None, true) => return detach(args, &workspace, &version, console),
        (None, false) => match serve(args, &workspace, &version, console) {
            Err(error) if matches!(error.code(), Code::Mount | Code::AccessDenied) => error,
            done => return done,
        },
        (Some(error), _) => error,
    };
    if args.mode == Mode::Mount {
        return Err(refused);
    }
    console.insist(&format!("mode download, as mounting fails: {}", refused.message()));
    copy(&workspace, &version, args, console)
}

/// The same view as copies: files in their layout, or the one file of a table.
fn copy(workspace: &Workspace, version: &Version, args: &Args, console: &Console) -> Result<()> {
    if version.definition.kind() == Kind::File {
        let done = download(workspace, version, &args.folder, Download::default(), &args.web.options(), console)?;
        summary(version, &done, console);
        return Ok(());
    }
    fs::create_dir_all(&args.folder).map_err(|error| Error::from_io(&args.folder, error))?;
    let target = args.folder.join(ingest_mount::file_name(version));
    ingest_mount::write_table(workspace, version, &target, false, &args.web.options())?;
    console.say(&format!("wrote {}: {}", target.display(), version.label()));
    Ok(())
}

/// Mounts here, and stays.
fn serve(args: &Args, workspace: &Workspace, version: &Version, console: &Console) -> Result<()> {
    let signals = Signals::hold()?;
    if ingest_mount::clean(&args.folder)? {
        console.say(&format!("{}: took away a mount that nobody served any more", args.folder.display()));
    }
    // Without Ctrl-C, which unmounts.
    let mut run = Options::default();
    args.web.fill(&mut run);
    let view = View::of(Workspace::open(workspace.root())?, version.clone(), &run)?;
    let files = size::counted(view.files() as u64, "file");
    let tell = Box::new(|error: &Error| {
        // A closed standard error is no reason to stop the work.
        let _ = writeln!(std::io::stderr().lock(), "{}", error.render());
    });
    let mut guard = Command::new(own_program()?);
    guard.arg(GUARD);
    let mount = Mount::start(view, &args.folder, tell, Some(guard))?;
    let point = mount.point().display();
    let why = if args.mode == Mode::Auto { " (mode auto: FUSE is to be had)" } else { "" };
    let way_out = if args.serve_for.is_some() { "" } else { "; Ctrl-C unmounts" };
    console.say(&format!("mounted {} at {point}, {files}{why}{way_out}", version.label()));
    if args.serve_for.is_some() {
        stay_behind()?;
    }
    let ended = mount.wait(&signals);
    mount.unmount()?;
    if let Some(log) = &args.serve_for {
        remove_empty(log);
    }
    match ended {
        Ended::Unmounted => Ok(()),
        Ended::Signal => Err(Error::new(Code::Interrupted, "unmounted, as a signal asked for it")),
    }
}

fn own_program() -> Result<PathBuf> {
    env::current_exe().map_err(|error| Error::from_io(Path::new("/proc/self/exe"), error))
}

/// Has another process mount, waits until it says that it did, and leaves it behind.
fn detach(args: &Args, workspace: &Workspace, version: &Version, console: &Console) -> Result<()> {
    let (log, path) = log(workspace, version)?;
    let mode = args.mode.to_possible_value().map(|mode| mode.get_name().to_owned()).unwrap_or_default();
    let mut command = Command::new(own_program()?);
    command.args(["mount", "--mode", &mode, "--serve-for"]).arg(&path).args(args.web.as_typed()).arg("--");
    command.arg(args.dataset.as_typed()).arg(&args.folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let failed =
        |error| Error::new(Code::Mount, "the process that serves the mount cannot be started").caused_by(error);
    let mut server = command.spawn().map_err(failed)?;
    let (say, hear) = channel();
    let out = server.stdout.take();
    std::thread::spawn(move || {
        let mut line = String::new();
        // What cannot be read has ended.
        let _ = out.map(|out| BufReader::new(out).read_line(&mut line));
        let _ = say.send(line);
    });
    let Ok(line) = hear.recv_timeout(DETACH_MAX) else {
        let _ = server.kill();
        let seconds = DETACH_MAX.as_secs();
        let message = format!("{}: it was not mounted within {seconds} s", args.folder.display());
        return Err(Error::new(Code::Mount, message).hint("without --detach it is told how far it gets"));
    };
    let said = fs::read_to_string(&path).unwrap_or_default();
    if line.trim_end() == MOUNTED {
        // From here on it holds what goes wrong alone.
        let _ = fs::File::options().write(true).open(&path).and_then(|log| log.set_len(0));
        console.say(said.trim_end());
        console.say(&format!("files that cannot be read are told in {}", path.display()));
        return Ok(());
    }
    let status = server.wait().map_err(failed)?;
    let _ = fs::remove_file(&path);
    console.insist(said.trim_end());
    match status.code() {
        Some(0) => Ok(()),
        // It has told why, with the code.
        Some(status) => std::process::exit(status),
        None => Err(Error::new(Code::Mount, "the process that serves the mount was killed")),
    }
}

/// A file for what the process that stays behind has to tell, and where it is.
fn log(workspace: &Workspace, version: &Version) -> Result<(fs::File, PathBuf)> {
    let folder = workspace.root().join("mounts");
    let failed = |error| Error::from_io(&folder, error);
    fs::create_dir_all(&folder).map_err(failed)?;
    // Nobody else's: the process that is started knows it by its own number.
    let path = folder.join(format!("{}-{}.log", version.id, std::process::id()));
    let file = fs::File::options().append(true).create(true).open(&path).map_err(failed)?;
    Ok((file, path))
}

/// Says that it is mounted, and leaves the terminal.
fn stay_behind() -> Result<()> {
    let failed = |error| Error::from_io(Path::new("standard output"), error);
    ingest_mount::leave_terminal()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MOUNTED}").and_then(|()| out.flush()).map_err(failed)
}

/// A log that tells nothing is litter.
fn remove_empty(log: &Path) {
    if log.metadata().is_ok_and(|metadata| metadata.len() == 0) {
        let _ = fs::remove_file(log);
    }
}
