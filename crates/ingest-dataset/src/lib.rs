//! Datasets: data by a name, in versions that never change.
//!
//! **In**: a [`Definition`] (where data is, how it is read, what is done to it), and names. **Out**: [`Version`]s, kept in the registry
//! of a [`Workspace`] with the fingerprint of every file; and readers of the engine over what was registered, or an error that says
//! what changed since.
//!
//! ```
//! use ingest::Options;
//! use ingest_dataset::{Definition, Registration, Step, Workspace};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("ages.csv"), "name,age\nann,31\nbob,29\n")?;
//! let workspace = Workspace::create(&folder.path().join("space"))?;
//!
//! let sources = [folder.path().join("ages.csv").display().to_string()];
//! let definition = Definition::tabular(&sources, &Options::default(), vec![Step::Filter("age > 30".to_owned())])?;
//! workspace.register("ages", &definition, &Registration::default(), &Options::default())?;
//!
//! let version = workspace.get(&"ages:1".parse()?)?;
//! assert_eq!(version.rows, Some(1));
//! let frame = workspace.open_table(&version, &Options::default())?.collect()?;
//! assert_eq!(frame.num_rows(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Not here**: reading data (the engine's), mounts, runs, and printing.

#![forbid(unsafe_code)]

mod step;

mod definition;

mod mltable;

mod reference;

mod files;

mod draw;

mod stages;

mod version;

mod registry;

mod store;

mod workspace;

mod datasets;

mod drift;

mod diff;

mod open;

mod download;

mod doctor;

pub use datasets::{Cleared, Registered, Registration};
pub use definition::{Definition, Kind};
pub use diff::VersionDiff;
pub use doctor::{Finding, examine};
pub use download::{Download, Downloaded};
pub use drift::{Change, ChangeKind, Check};
pub use files::{Fingerprint, VersionFile};
pub use reference::{Reference, Which};
pub use step::{Moment, Part, Step};
pub use version::{Summary, Version};
pub use workspace::{Scratch, WORKSPACE_VARIABLE, Workspace};
