//! How many members of a zip archive have each name. The library keeps the last of one name alone, and tells only that there are more.

use std::collections::HashMap;
use std::io::{self, Read};

/// What each entry of the directory begins with.
const MARK: &[u8] = b"PK\x01\x02";

/// Bytes of an entry before its name.
const FIXED_BYTES: usize = 46;

/// Where in them the lengths stand of the name, and of what follows it.
const LENGTHS: [usize; 3] = [28, 30, 32];

/// Counts the names of a directory. `directory` begins with its first entry, and may go on behind it.
pub(crate) fn count_names(mut directory: impl Read) -> io::Result<HashMap<Vec<u8>, usize>> {
    let mut names = HashMap::new();
    loop {
        let mut entry = [0; FIXED_BYTES];
        let read = read_up_to(&mut directory, &mut entry)?;
        if read < FIXED_BYTES || !entry.starts_with(MARK) {
            return Ok(names);
        }
        let [name, extra, comment] = LENGTHS.map(|at| usize::from(u16::from_le_bytes([entry[at], entry[at + 1]])));
        let mut rest = vec![0; name + extra + comment];
        directory.read_exact(&mut rest)?;
        rest.truncate(name);
        *names.entry(rest).or_default() += 1;
    }
}

fn read_up_to(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match reader.read(&mut bytes[read..])? {
            0 => break,
            count => read += count,
        }
    }
    Ok(read)
}
