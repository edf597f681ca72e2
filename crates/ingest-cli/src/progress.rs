//! The progress bar: on a terminal only, on standard error, gone when the run ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ingest::OnProgress;

use crate::console::Console;

/// A run that ends sooner shows no bar: a flicker says nothing.
const QUIET_TIME: Duration = Duration::from_millis(300);

const KNOWN_LENGTH: &str = "{bar:30} {percent:>3}%  {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left  {msg}";
const UNKNOWN_LENGTH: &str = "{spinner} {bytes}  {bytes_per_sec}  {msg}";

/// A bar that is taken off the terminal when it is dropped.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar if the console may draw one.
    pub(crate) fn start(console: &Console) -> Self {
        Progress { bar: console.draws_progress().then(|| ProgressBar::no_length().with_style(style(UNKNOWN_LENGTH))) }
    }

    /// What the library tells of its progress; `None` where nobody would see it.
    pub(crate) fn listener(&self) -> Option<OnProgress> {
        let bar = self.bar.clone()?;
        let start = Instant::now();
        Some(Arc::new(move |progress| {
            if start.elapsed() >= QUIET_TIME {
                draw(&bar, progress);
            }
        }))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, progress: ingest::Progress) {
    if let (Some(total), None) = (progress.bytes_total, bar.length()) {
        bar.set_style(style(KNOWN_LENGTH));
        bar.set_length(total);
    }
    bar.set_message(crate::size::counted(progress.rows, "row"));
    bar.set_position(progress.bytes_done);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are constants that a test draws")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_are_sound() {
        style(KNOWN_LENGTH);
        style(UNKNOWN_LENGTH);
    }

    #[test]
    fn the_length_is_taken_up_when_it_becomes_known() {
        let bar = ProgressBar::hidden();
        bar.unset_length();
        draw(&bar, ingest::Progress { bytes_done: 5, bytes_total: None, rows: 1 });
        assert_eq!((bar.position(), bar.length()), (5, None));
        draw(&bar, ingest::Progress { bytes_done: 7, bytes_total: Some(10), rows: 2 });
        assert_eq!((bar.position(), bar.length()), (7, Some(10)));
        assert_eq!(bar.message(), "2 rows");
    }
}
