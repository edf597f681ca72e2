//! One file per command: its options, its examples, its one public act.

pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod count;
pub(crate) mod dataset;
pub(crate) mod doctor;
pub(crate) mod download;
pub(crate) mod head;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod mount;
pub(crate) mod schema;
pub(crate) mod sniff;
pub(crate) mod unmount;
pub(crate) mod validate;
pub(crate) mod version;
