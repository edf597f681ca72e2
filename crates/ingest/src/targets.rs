//! What a run writes: never over what it reads, never two things into one file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

/// Refuses a run whose output or rejects table is one of its sources, or which would write both into one file.
pub(crate) fn check_targets<'p>(
    sources: impl Iterator<Item = &'p Path>,
    output: Option<&Path>,
    rejects: Option<&Path>,
) -> Result<()> {
    let targets: Vec<_> = [(output, "the output", "-o"), (rejects, "the rejects table", "--rejects")]
        .into_iter()
        .filter_map(|(path, what, option)| path.map(|path| (path, file_of(path), what, option)))
        .collect();
    if let [(path, output, ..), (_, rejects, ..)] = &targets[..]
        && rejects.starts_with(output)
    {
        let message = match output == rejects {
            true => format!("{}: the output and the rejects table are the same file", path.display()),
            false => format!("{}: the rejects table would lie in the folder that is written", path.display()),
        };
        return Err(Error::new(Code::Usage, message).hint("give --rejects another name than -o"));
    }
    if targets.is_empty() {
        return Ok(());
    }
    for source in sources {
        let source = file_of(source);
        if let Some((path, _, what, option)) = targets.iter().find(|(_, target, ..)| source.starts_with(target)) {
            let message = format!("{}: {what} would replace a source", path.display());
            return Err(Error::new(Code::Usage, message).hint(format!("give {option} the name of another file")));
        }
    }
    Ok(())
}

/// The file that a path means, links, `.` and `..` resolved; it need not exist.
fn file_of(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, WriteOptions, read};

    #[test]
    fn the_verbs_refuse_before_anything_is_written() {
        let room = tempfile::tempdir().expect("a folder");
        let source = room.path().join("a.csv");
        fs::write(&source, "a\n1\n").expect("a file");
        let reader = |rejects| {
            let options = Options { rejects, overwrite_rejects: true, ..Options::default() };
            read(source.as_path()).expect("a reader").options(options)
        };
        let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
        let errors = [
            reader(None).write(&source, &write).err(),
            reader(Some(source.clone())).collect().err(),
            reader(Some(source.clone())).schema().err(),
            reader(Some(source.clone())).write_to(Vec::new(), crate::Format::Csv, &write).err(),
        ];
        for error in errors {
            assert_eq!(error.map(|error| error.code()), Some(Code::Usage));
        }
        assert_eq!(fs::read(&source).expect("the source"), b"a\n1\n");
        assert_eq!(fs::read_dir(room.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn every_spelling_of_a_file_is_that_file() {
        let room = tempfile::tempdir().expect("a folder");
        let path = |name: &str| room.path().join(name);
        fs::create_dir(path("sub")).expect("a folder");
        fs::write(path("a.csv"), "a\n1\n").expect("a file");
        let check = |output: &str, rejects: &str| {
            let source = path("a.csv");
            check_targets([&*source].into_iter(), Some(&path(output)), Some(&path(rejects)))
        };
        assert!(check("out.csv", "bad.csv").is_ok());
        for (output, rejects) in [("out.csv", "sub/../out.csv"), ("out.csv", "sub/../a.csv"), ("./a.csv", "bad.csv")] {
            let error = check(output, rejects).expect_err(output);
            assert_eq!(error.code(), Code::Usage, "{output} {rejects}: {error}");
            assert!(error.way_out().is_some(), "{error}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("a.csv"), path("link.csv")).expect("a link");
            assert!(check("link.csv", "bad.csv").is_err() && check("out.csv", "link.csv").is_err());
        }
    }
}
