-- The ledger, version 1.  Instants: _s seconds, _ms milliseconds since 1970 UTC.  Energy: whole micro-watt-hours.
-- Rows of data are only ever added: a correction is a row with a higher revision, and the row with the highest revision counts.
-- `kafka_offset` and `running_demand` are state, not data: where reading goes on, and the quarter hour that is not over yet.

CREATE TABLE kafka_offset (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;

CREATE TABLE series (
  series INTEGER PRIMARY KEY, site TEXT NOT NULL, meter TEXT NOT NULL, channel TEXT NOT NULL, UNIQUE (site, meter, channel));

CREATE TABLE interval (
  series INTEGER NOT NULL REFERENCES series, start_s INTEGER NOT NULL, revision INTEGER NOT NULL,
  energy_uwh INTEGER, coverage REAL NOT NULL, quality TEXT NOT NULL, method TEXT NOT NULL, readings INTEGER NOT NULL, origin TEXT NOT NULL,
  recorded_ms INTEGER NOT NULL,
  PRIMARY KEY (series, start_s, revision)) WITHOUT ROWID;

-- Everything else that is kept, as the JSON that was on the topic. `subject` names what it is about (a job, an anomaly, a zone and a day ...).
CREATE TABLE entry (
  entry INTEGER PRIMARY KEY, topic TEXT NOT NULL, subject TEXT NOT NULL, revision INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  payload TEXT NOT NULL, recorded_ms INTEGER NOT NULL, UNIQUE (topic, subject, revision));
CREATE INDEX entry_by_time ON entry (topic, at_ms);

CREATE TABLE rejection (
  rejection INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE, meter TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER,
  payload TEXT NOT NULL, recorded_ms INTEGER NOT NULL);
CREATE INDEX rejection_by_reason ON rejection (reason, meter);

-- The last state of each quarter hour that is over.
CREATE TABLE demand (
  site TEXT NOT NULL, start_s INTEGER NOT NULL, payload TEXT NOT NULL, recorded_ms INTEGER NOT NULL, PRIMARY KEY (site, start_s)) WITHOUT ROWID;
CREATE TABLE running_demand (site TEXT PRIMARY KEY, payload TEXT NOT NULL) WITHOUT ROWID;

-- A record that says something else under an identity that is taken: the first one counts, the other is kept here.
CREATE TABLE conflict (
  conflict INTEGER PRIMARY KEY, topic TEXT NOT NULL, subject TEXT NOT NULL, revision INTEGER NOT NULL, payload TEXT NOT NULL,
  place TEXT NOT NULL, recorded_ms INTEGER NOT NULL, UNIQUE (topic, subject, revision, payload));

-- Bytes that are no record of their topic.
CREATE TABLE unreadable (
  unreadable INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, reason TEXT NOT NULL,
  original BLOB NOT NULL, recorded_ms INTEGER NOT NULL);

-- What was done to the ledger itself, by whom it was started: made, migrated, set to follow another log.
CREATE TABLE event (event INTEGER PRIMARY KEY, recorded_ms INTEGER NOT NULL, what TEXT NOT NULL);
