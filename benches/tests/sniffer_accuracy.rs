//! The sniffer against the corpus of small messy files: how well it has to do, on more seeds than it was made with.

use ingest_benches::dialects::{Found, Question, corpus, score};
use ingest_infer::{Hints, sniff};

const FILES: usize = 320;

#[test]
fn dialects_are_settled() {
    for seed in [1, 2, 1_000_003] {
        let samples = corpus(seed, FILES);
        let found: Vec<Found> =
            samples.iter().map(|sample| Found::from(&sniff(&sample.text, true, &Hints::default()))).collect();
        let score = score(&samples, &found);
        assert!(score.f1() >= 0.97, "seed {seed}: {score:?}");
        for question in Question::EACH {
            assert!(score.of(question).f1 >= 0.95, "seed {seed}, {question}: {:?}", score.of(question));
        }
    }
}
