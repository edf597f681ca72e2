-- What was registered, and under which names. Nothing of it is ever updated but descriptions, tags and `unregistered_at`.
CREATE TABLE definitions (
  id TEXT PRIMARY KEY,
  -- JSON, as the definition is written for its id.
  body TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A name keeps its highest number for good, so that NAME:3 never comes to mean another content.
CREATE TABLE names (
  name TEXT PRIMARY KEY,
  last_number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL REFERENCES names,
  number INTEGER NOT NULL,
  definition TEXT NOT NULL REFERENCES definitions,
  description TEXT,
  created_at TEXT NOT NULL,
  -- The latest time at which one of the files was changed; null without files.
  data_changed_at TEXT,
  is_snapshot INTEGER NOT NULL,
  -- Of a table that was read when it was registered: its rows, and its schema as JSON.
  rows INTEGER,
  schema TEXT,
  unregistered_at TEXT,
  UNIQUE (name, number)
) STRICT;

CREATE TABLE tags (
  version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
  tag TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (version, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
  version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  -- What the engine reads it by, and where its bytes lie: different for members of archives.
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  -- Its place in the layout of the dataset.
  relative TEXT NOT NULL,
  size INTEGER NOT NULL,
  -- Nanoseconds since 1970.
  modified_ns INTEGER NOT NULL,
  -- BLAKE3 of the bytes at `path`.
  hash BLOB NOT NULL,
  PRIMARY KEY (version, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX files_by_hash ON files (hash);
