"""Where things lie."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

# The release binary that is measured.
INGEST = REPOSITORY / "target/release/ingest"
