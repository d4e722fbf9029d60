-- The sandbox's own small database. Everything that must survive a SIGKILL of the process is here.

CREATE TABLE IF NOT EXISTS objects (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    type    TEXT NOT NULL,
    parent  TEXT NOT NULL DEFAULT '',
    data    BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_type ON objects (type, seq);
CREATE INDEX IF NOT EXISTS objects_by_parent ON objects (parent, type, seq) WHERE parent <> '';

-- Metadata by value, for searching.
CREATE TABLE IF NOT EXISTS labels (
    value     TEXT NOT NULL,
    name      TEXT NOT NULL,
    object_id TEXT NOT NULL,
    PRIMARY KEY (value, name, object_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS idempotency (
    seq         INTEGER PRIMARY KEY,
    provider    TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status      INTEGER NOT NULL,
    body        BLOB NOT NULL,
    resource_id TEXT NOT NULL,
    at          REAL NOT NULL,
    UNIQUE (provider, key)
);

-- What the provider executed, one row per effect, never changed: the judge of "at most once".
CREATE TABLE IF NOT EXISTS book (
    seq         INTEGER PRIMARY KEY,
    provider    TEXT NOT NULL,
    operation   TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    reference   TEXT NOT NULL,
    key         TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0),
    fee         INTEGER NOT NULL DEFAULT 0,
    currency    TEXT NOT NULL,
    direction   TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    at          REAL NOT NULL,
    metadata    BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS book_by_key ON book (key);
CREATE INDEX IF NOT EXISTS book_by_reference ON book (reference);
CREATE TRIGGER IF NOT EXISTS book_is_never_changed BEFORE UPDATE ON book
BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER IF NOT EXISTS book_is_never_shortened BEFORE DELETE ON book
BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;

-- Money at a provider: each movement with the moment from which it is available.
CREATE TABLE IF NOT EXISTS funds (
    seq          INTEGER PRIMARY KEY,
    account      TEXT NOT NULL,
    currency     TEXT NOT NULL,
    net          INTEGER NOT NULL,
    available_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS funds_by_time ON funds (account, available_at, currency, net);
CREATE TABLE IF NOT EXISTS balances (
    account  TEXT NOT NULL,
    currency TEXT NOT NULL,
    total    INTEGER NOT NULL,
    PRIMARY KEY (account, currency)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS timers (
    id        INTEGER PRIMARY KEY,
    due_at    REAL NOT NULL,
    kind      TEXT NOT NULL,
    object_id TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS events (
    seq       INTEGER PRIMARY KEY,
    provider  TEXT NOT NULL,
    id        TEXT NOT NULL UNIQUE,
    type      TEXT NOT NULL,
    object_id TEXT NOT NULL,
    body      BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_object ON events (object_id);

CREATE TABLE IF NOT EXISTS deliveries (
    id        INTEGER PRIMARY KEY,
    event_seq INTEGER NOT NULL,
    endpoint  TEXT NOT NULL,
    lane      TEXT NOT NULL,
    state     TEXT NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    due_at    REAL NOT NULL,
    last      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (id) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS faults (
    id     TEXT PRIMARY KEY,
    script BLOB NOT NULL,
    seen   INTEGER NOT NULL DEFAULT 0,
    fired  INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
