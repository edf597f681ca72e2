//! ingest-arrow2
