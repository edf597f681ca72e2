//! `shapes NAME SIZE [--seed N] -o FILE [--expect FILE.json]`: writes a data shape and its expected answer.

use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use ingest_benches::{Expected, Shape, generate, parse_size, run_command};

const USAGE: &str = "\
Writes a table of a named shape, the same bytes for the same shape, size and seed.

Usage: shapes NAME SIZE [--seed N] -o FILE [--expect FILE.json]

  NAME                taxi text wide quote-all narrow long-text mostly-empty tsv ragged late-surprise
  SIZE                500MB, 64MiB or plain bytes; the last row may reach beyond
  --seed N            another table of the same shape [default: 1]
  -o FILE             where the table goes; `-` is stdout
  --expect FILE.json  where the expected answer goes: rows, types, nulls, checksums

Examples:
  shapes taxi 500MB -o taxi.csv --expect taxi.json
  shapes text 10MB --seed 7 -o - | head
";

/// What was asked for.
struct Job {
    shape: Shape,
    bytes: u64,
    seed: u64,
    out: String,
    expect: Option<String>,
}

fn main() -> ExitCode {
    run_command("shapes", USAGE, |arguments| Ok(run(&parse(arguments)?)))
}

fn parse(arguments: &[String]) -> Result<Job, String> {
    let (mut named, mut seed, mut out, mut expect) = (Vec::new(), 1, None, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--seed" => seed = value()?.parse().map_err(|_| "--seed takes a whole number".to_owned())?,
            "-o" | "--output" => out = Some(value()?),
            "--expect" => expect = Some(value()?),
            option if option.starts_with("--") => return Err(format!("no option {option}")),
            _ => named.push(argument),
        }
    }
    let [shape, size] = named[..] else { return Err("give one shape and one size".to_owned()) };
    let shape = shape.parse().map_err(|error: ingest_benches::UnknownShape| error.to_string())?;
    let bytes = parse_size(size).map_err(|error| error.to_string())?;
    Ok(Job { shape, bytes, seed, out: out.ok_or("say where the table goes: -o FILE")?, expect })
}

fn run(job: &Job) -> io::Result<()> {
    let expected = if job.out == "-" {
        write(job, &mut io::stdout().lock())?
    } else {
        write(job, &mut named(File::create(&job.out), &job.out)?)?
    };
    match &job.expect {
        Some(path) => named(std::fs::write(path, expected.to_json() + "\n"), path),
        None => Ok(()),
    }
}

fn write(job: &Job, out: &mut dyn Write) -> io::Result<Expected> {
    let expected = generate(job.shape, job.bytes, job.seed, out)?;
    out.flush()?;
    Ok(expected)
}

/// Adds the path to an error that would not name it.
fn named<T>(result: io::Result<T>, path: &str) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))
}
