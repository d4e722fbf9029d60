-- The pretend exchange's own book, in whole numbers: ticks, lots, units (exchange/listing.py).

-- Orders of accounts. The house's quotes are made anew at every step and are not kept.
CREATE TABLE IF NOT EXISTS exchange_orders (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    account   TEXT NOT NULL,
    status    TEXT NOT NULL,
    cl_ord_id TEXT NOT NULL,
    userref   TEXT NOT NULL,
    opened_at REAL NOT NULL,
    closed_at REAL NOT NULL,
    data      BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS exchange_orders_open ON exchange_orders (seq) WHERE closed_at = 0;
CREATE INDEX IF NOT EXISTS exchange_orders_by_name ON exchange_orders (cl_ord_id) WHERE cl_ord_id <> '';

-- What orders of accounts executed, never changed.
CREATE TABLE IF NOT EXISTS exchange_fills (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    account  TEXT NOT NULL,
    pair     TEXT NOT NULL,
    side     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    price    INTEGER NOT NULL,
    volume   INTEGER NOT NULL CHECK (volume > 0),
    cost     INTEGER NOT NULL,
    fee      INTEGER NOT NULL,
    maker    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    at       REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS exchange_fills_by_order ON exchange_fills (order_id, seq);
CREATE TRIGGER IF NOT EXISTS exchange_fills_are_never_changed BEFORE UPDATE ON exchange_fills
BEGIN SELECT RAISE(ABORT, 'fills are append-only'); END;
CREATE TRIGGER IF NOT EXISTS exchange_fills_are_never_shortened BEFORE DELETE ON exchange_fills
BEGIN SELECT RAISE(ABORT, 'fills are append-only'); END;

-- Every trade as the public sees it; the older ones live on in the candles.
CREATE TABLE IF NOT EXISTS exchange_tape (
    number INTEGER PRIMARY KEY,
    pair   TEXT NOT NULL,
    at     REAL NOT NULL,
    price  INTEGER NOT NULL,
    volume INTEGER NOT NULL,
    side   TEXT NOT NULL,
    kind   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS exchange_tape_by_pair ON exchange_tape (pair, number);
CREATE TABLE IF NOT EXISTS exchange_candles (
    pair    TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    open    INTEGER NOT NULL,
    high    INTEGER NOT NULL,
    low     INTEGER NOT NULL,
    close   INTEGER NOT NULL,
    volume  INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (pair, minutes, start)
) WITHOUT ROWID;

-- Where the house thinks each price is (in 10 ** -10 of the quote asset), and how it quotes.
CREATE TABLE IF NOT EXISTS exchange_house (
    pair    TEXT PRIMARY KEY,
    price   INTEGER NOT NULL,
    home    INTEGER NOT NULL,
    steps   INTEGER NOT NULL,
    moving  INTEGER NOT NULL,
    levels  INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    spread  INTEGER NOT NULL
) WITHOUT ROWID;

-- The last nonce of each key, as text: it may be larger than what SQLite counts.
CREATE TABLE IF NOT EXISTS exchange_keys (key TEXT PRIMARY KEY, nonce TEXT NOT NULL) WITHOUT ROWID;
