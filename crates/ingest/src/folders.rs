//! Folders that say `KEY=VALUE` of all rows below them, as Hive named them: read, and written.

use std::fmt::Write;
use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::options::Options;
use crate::partition_format::PartitionFormat;

/// How a folder says that the value is null.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// Where the path of a source says values of columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PathKeys {
    hive: bool,
    format: Option<PartitionFormat>,
}

impl PathKeys {
    pub(crate) fn new(options: &Options) -> PathKeys {
        PathKeys { hive: options.hive, format: options.partition_format.clone() }
    }

    /// Whether no path says anything.
    pub(crate) fn is_empty(&self) -> bool {
        !self.hive && self.format.is_none()
    }

    /// Keys and values; `None` is null.
    ///
    /// # Errors
    /// The path is not made up as the options say.
    pub(crate) fn of(&self, path: &str) -> Result<Vec<(String, Option<String>)>> {
        let hive = folders_of(path).filter(|_| self.hive);
        let mut keys: Vec<_> = hive.collect();
        if let Some(format) = &self.format {
            let values = format.values(path).ok_or_else(|| {
                Error::new(Code::Usage, format!("{path}: its path is not made up as --partition-format {format} says"))
                    .hint("{name} stands for a part of the name of a folder or file, {name:yyyy-MM-dd} for a date, * for anything")
            })?;
            keys.extend(values.into_iter().map(|(key, value)| (key, Some(value))));
        }
        Ok(keys)
    }
}

/// The keys and values of the folders on a path, as they are meant; `None` is null. A text of that name is written escaped.
fn folders_of(path: &str) -> impl Iterator<Item = (String, Option<String>)> {
    // The first folder within an archive is called `archive.zip!KEY=VALUE`; any other folder may be called so too.
    let archive = path.match_indices('!').map(|(at, _)| at).find(|&at| Path::new(&path[..at]).is_file());
    let (outer, inner) = archive.map_or(("", path), |at| (&path[..at], &path[at + 1..]));
    let folders = [outer, inner].map(|path| path.rsplit_once('/').map_or("", |(folders, _)| folders));
    let pairs = folders.into_iter().flat_map(|folders| folders.split('/')).filter_map(|folder| folder.split_once('='));
    let pairs = pairs.filter(|(key, _)| !key.is_empty());
    pairs.map(|(key, value)| (unescaped(key), (value != NULL_FOLDER).then(|| unescaped(value))))
}

/// A name with `%3A` and the like as the bytes they stand for, unless these are no text.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// The name of the folder for a value of a column, which [`folders_of`] reads back: what could mean something to a file system, a
/// shell or a reader stands as `%3A` and the like.
pub(crate) fn folder_name(key: &str, value: Option<&str>) -> String {
    let value = value.map_or_else(|| NULL_FOLDER.to_owned(), |value| escaped(value, value == NULL_FOLDER));
    // Folders whose names begin with a dot or an underscore are hidden from many readers.
    format!("{}={value}", escaped(key, key.starts_with(['.', '_'])))
}

/// A name with some characters as `%3A` and the like. `first_too`: its first one among them, whatever it is.
fn escaped(name: &str, first_too: bool) -> String {
    let mut escaped = String::with_capacity(name.len());
    for (at, character) in name.char_indices() {
        let special =
            r##""#%'*/:=?\{}[]^<>|&;$`!~"##.contains(character) || character.is_control() || character == '\u{7f}';
        if special || (first_too && at == 0) {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                write!(escaped, "%{byte:02X}").expect("writing to memory");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_keys_and_values() {
        let found = |path: &str| folders_of(path).collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), Some(value.to_owned()));
        assert_eq!(
            found("data/year=2024/city=S%C3%A3o%20Paulo/x=1.csv"),
            [pair("year", "2024"), pair("city", "São Paulo")]
        );
        assert_eq!(found("/a/=b/c=/d.csv"), [pair("c", "")]);
        assert_eq!(found("x=1.csv"), []);
        assert_eq!(found("a!b=1/x.csv"), [pair("a!b", "1")], "no archive");
        let room = tempfile::tempdir().expect("a folder");
        let archive = room.path().join("k=2.zip");
        std::fs::write(&archive, "PK").expect("a file");
        assert_eq!(found(&format!("{}!m=3/f.csv", archive.display())), [pair("m", "3")]);
        assert_eq!(found("k=10%+5/x.csv"), [pair("k", "10%+5")]);
        assert_eq!(found("k=100%/x.csv"), [pair("k", "100%")]);
        assert_eq!(found("k=%ff%/x.csv"), [pair("k", "%ff%")], "no text");
    }

    #[test]
    fn folders_are_read_as_they_were_named() {
        let values =
            ["", "a", "São Paulo", "a/b=c", "100%", "%41", "2024-01-01T10:00:00Z", "..", "\n", NULL_FOLDER, "~"];
        for value in values {
            for key in ["city", "_hidden", ".dot", "a=b/c", "%"] {
                let path = format!("out/{}/part-00000.parquet", folder_name(key, Some(value)));
                let found: Vec<_> = folders_of(&path).collect();
                assert_eq!(found, [(key.to_owned(), Some(value.to_owned()))], "{path}");
                assert!(!path.contains(['\n', ':', '~']) && !path.contains("/_") && !path.contains("/."), "{path}");
            }
        }
        assert_eq!(folder_name("a", None), "a=__HIVE_DEFAULT_PARTITION__");
        let null: Vec<_> = folders_of("a=__HIVE_DEFAULT_PARTITION__/x.csv").collect();
        assert_eq!(null, [("a".to_owned(), None)], "unlike the text of that name");
    }
}
