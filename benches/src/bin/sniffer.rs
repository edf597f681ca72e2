//! `sniffer [--seed N] [--files N] [--misses]`: how well the sniffer does on files with known dialects.

use std::io::{self, Write};
use std::process::ExitCode;

use ingest_benches::dialects::{Found, Sample, corpus, misses_of, score};
use ingest_benches::run_command;
use ingest_infer::{Hints, Sniffed, sniff};

const USAGE: &str = "\
Sniffs small messy files whose dialects are known, and tells precision, recall and F1.

Usage: sniffer [--seed N] [--files N] [--misses] [--show NUMBER]

  --seed N       another corpus [default: 1]
  --files N      how many files [default: 400]
  --misses       list the files with a wrong answer, and their first lines
  --show NUMBER  write one file of the corpus to stdout, and nothing else

Delimiter, quote, escape, comment, header and newline: means over their classes. skip: lines before
the table count as found where their number is right. columns, all together: the share of right
files. A question is asked only of files whose text tells the answer.
";

/// Lines of a missed file that are shown.
const LINES_SHOWN: usize = 8;

/// Letters of a line that are shown.
const LETTERS_SHOWN: usize = 120;

/// What was asked for.
struct Job {
    seed: u64,
    files: usize,
    misses: bool,
    show: Option<usize>,
}

fn main() -> ExitCode {
    run_command("sniffer", USAGE, |arguments| {
        let report = report(&parse(arguments)?)?;
        Ok(io::stdout().lock().write_all(&report))
    })
}

fn parse(arguments: &[String]) -> Result<Job, String> {
    let mut job = Job { seed: 1, files: 400, misses: false, show: None };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || {
            let value = rest.next().ok_or_else(|| format!("{argument} needs a value"))?;
            value.parse::<u64>().map_err(|_| format!("{argument} takes a whole number"))
        };
        match argument.as_str() {
            "--seed" => job.seed = number()?,
            "--files" => job.files = number()? as usize,
            "--misses" => job.misses = true,
            "--show" => job.show = Some(number()? as usize),
            other => return Err(format!("no option {other}")),
        }
    }
    Ok(job)
}

fn report(job: &Job) -> Result<Vec<u8>, String> {
    let samples = corpus(job.seed, job.files);
    if let Some(number) = job.show {
        let sample = samples.get(number).ok_or_else(|| format!("the corpus has no file {number}"))?;
        return Ok(sample.text.clone());
    }
    let sniffed: Vec<Sniffed> = samples.iter().map(|sample| sniff(&sample.text, true, &Hints::default())).collect();
    let found: Vec<Found> = sniffed.iter().map(Found::from).collect();
    let mut lines = Vec::new();
    if job.misses {
        lines.extend(samples.iter().zip(&sniffed).filter_map(|(sample, sniffed)| missed(job.seed, sample, sniffed)));
    }
    let score = score(&samples, &found);
    lines.push(format!("seed {}, {} files\n", job.seed, samples.len()));
    lines.push(format!("{:14}{:>6}{:>7}{:>11}{:>8}{:>8}", "", "asked", "right", "precision", "recall", "F1"));
    for (question, rates) in &score.rates {
        lines.push(format!(
            "{question:14}{:>6}{:>7}{:>11.4}{:>8.4}{:>8.4}",
            rates.asked, rates.right, rates.precision, rates.recall, rates.f1
        ));
    }
    lines.push(format!("\nmean F1 of the single questions: {:.4}\n", score.f1()));
    Ok(lines.join("\n").into_bytes())
}

/// What is wrong with the answer for a file, what spoke for it, and how the file begins.
fn missed(seed: u64, sample: &Sample, sniffed: &Sniffed) -> Option<String> {
    let misses = misses_of(&sample.known, &Found::from(sniffed));
    if misses.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(&sample.text);
    let shown = text.split_inclusive(['\n', '\r']).take(LINES_SHOWN);
    let line = |line: &str| format!("    {}", line.escape_debug().take(LETTERS_SHOWN).collect::<String>());
    let first_lines: Vec<String> = shown.map(line).collect();
    Some(format!(
        "--seed {seed} --show {}: {}\n  known {:?}\n  {}\n{}\n",
        sample.number,
        misses.join("; "),
        sample.known,
        sniffed.reasons.join("; "),
        first_lines.join("\n")
    ))
}
