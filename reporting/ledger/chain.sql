-- The ledger, version 2: every row of data has a link in a hash chain (docs/evidence-format.md). The function `lastgang_head` is this
-- program's; without it no row can be added.

-- `kind` names the table, `a`, `b`, `c` and `name` the key of the row in it; `head` covers this row and all before it.
CREATE TABLE link (
  link INTEGER PRIMARY KEY, kind TEXT NOT NULL, a INTEGER NOT NULL, b INTEGER, c INTEGER, name TEXT, head BLOB NOT NULL);

-- A statement over a run of links, signed.
CREATE TABLE seal (
  seal INTEGER PRIMARY KEY, first_link INTEGER NOT NULL, last_link INTEGER NOT NULL, statement TEXT NOT NULL, signature TEXT NOT NULL);

-- Files of the plant's configuration, whenever one has changed.
CREATE TABLE document (
  document INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, content BLOB NOT NULL, recorded_ms INTEGER NOT NULL);

-- Versions of reports that were made from this ledger.
CREATE TABLE report (
  report INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, manifest_sha256 TEXT NOT NULL, recorded_ms INTEGER NOT NULL);
