//! A version of a dataset as a read-only file system.
//!
//! **In**: a version of a workspace and an empty folder. **Out**: its files below that folder, with the bytes that were registered or an
//! error, until it is unmounted: by whoever asks for it, by a signal, or by a guard process when the one that serves it is killed.
//!
//! ```no_run
//! use ingest::Options;
//! use ingest_dataset::Workspace;
//! use ingest_mount::{Mount, View};
//!
//! let workspace = Workspace::find()?;
//! let version = workspace.get(&"images:1".parse()?)?;
//! let view = View::of(workspace, version, &Options::default())?;
//! let mount = Mount::start(view, "data/images".as_ref(), Box::new(|error| eprintln!("{error}")), None)?;
//! assert!(std::fs::read_dir(mount.point())?.count() > 0);
//! mount.unmount()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Not here**: fetching from servers (a [`ingest::Remote`] does it), copies of files (downloads of `ingest-dataset`), and printing.

#![forbid(unsafe_code)]

mod texts;

mod tree;

mod content;

mod held;

mod files;

mod table;

mod view;

mod filesystem;

mod places;

mod guard;

mod signals;

mod mount;

mod doctor;

pub use content::{Content, Facts};
pub use doctor::{examine, why_not};
pub use guard::stand_guard;
pub use mount::{Ended, Mount, Tell};
pub use places::{Mounted, Unmounted, clean, mounted, unmount};
pub use signals::{Signals, leave_terminal};
pub use table::{file_name, write_table};
pub use texts::Texts;
pub use tree::Tree;
pub use view::View;
