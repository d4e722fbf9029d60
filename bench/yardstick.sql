-- The bare database doing the rows of one lifecycle: one transaction row, three state changes, two balance updates,
-- four ledger lines, three events, one outbox row. No guards, no verdicts, no idempotency: a measure, not a ledger.
DROP SCHEMA IF EXISTS yardstick CASCADE;
CREATE SCHEMA yardstick;
SET search_path = yardstick;

CREATE TABLE balance (account bigint PRIMARY KEY, posted numeric NOT NULL, held numeric NOT NULL DEFAULT 0,
                      version bigint NOT NULL DEFAULT 0, CHECK (posted - held >= 0)) WITH (fillfactor = 50);
CREATE TABLE txn (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL, units numeric NOT NULL,
                  state text NOT NULL, created_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50);
CREATE TABLE line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, txn bigint NOT NULL, account bigint NOT NULL,
                   units numeric NOT NULL);
CREATE INDEX ON line (account, id);
CREATE TABLE event (txn bigint NOT NULL, seq smallint NOT NULL, state text NOT NULL,
                    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (txn, seq));
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, txn bigint NOT NULL, payload jsonb NOT NULL);

-- c3: one server-side call per step.
CREATE FUNCTION reserve(acct bigint) RETURNS bigint LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE t bigint;
BEGIN
  INSERT INTO txn (account, units, state) VALUES (acct, 1, 'INITIATED') RETURNING id INTO t;
  UPDATE balance SET held = held + 1, version = version + 1 WHERE account = acct AND posted - held >= 1;
  UPDATE txn SET state = 'BALANCE_RESERVED' WHERE id = t;
  INSERT INTO event (txn, seq, state) VALUES (t, 1, 'BALANCE_RESERVED');
  RETURN t;
END $$;
CREATE FUNCTION send(t bigint) RETURNS void LANGUAGE plpgsql SET search_path = yardstick AS $$
BEGIN
  UPDATE txn SET state = 'SENT_TO_PROVIDER' WHERE id = t AND state = 'BALANCE_RESERVED';
  INSERT INTO event (txn, seq, state) VALUES (t, 2, 'SENT_TO_PROVIDER');
END $$;
CREATE FUNCTION settle(t bigint) RETURNS void LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE acct bigint;
BEGIN
  UPDATE txn SET state = 'COMPLETED' WHERE id = t AND state = 'SENT_TO_PROVIDER' RETURNING account INTO acct;
  INSERT INTO line (txn, account, units) VALUES (t, acct, -1), (t, -1, 1), (t, -2, -1), (t, -3, 1);
  INSERT INTO event (txn, seq, state) VALUES (t, 3, 'COMPLETED');
  INSERT INTO outbox (txn, payload) VALUES (t, jsonb_build_object('txn', t, 'state', 'COMPLETED'));
  UPDATE balance SET posted = posted - 1, held = held - 1, version = version + 1 WHERE account = acct;
END $$;

-- d50: the same for a set, by arrays. Balances are locked in key order and updated last, once per account.
CREATE FUNCTION reserve_set(accts bigint[]) RETURNS bigint[] LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE ts bigint[];
BEGIN
  WITH t AS (INSERT INTO txn (account, units, state) SELECT a, 1, 'INITIATED' FROM unnest(accts) a RETURNING id)
  SELECT array_agg(id) INTO ts FROM t;
  UPDATE txn SET state = 'BALANCE_RESERVED' WHERE id = ANY (ts);
  INSERT INTO event (txn, seq, state) SELECT t, 1, 'BALANCE_RESERVED' FROM unnest(ts) t;
  PERFORM FROM balance WHERE account = ANY (accts) ORDER BY account FOR UPDATE;
  UPDATE balance b SET held = b.held + d.n, version = b.version + 1
    FROM (SELECT a, count(*) AS n FROM unnest(accts) a GROUP BY a) d WHERE b.account = d.a;
  RETURN ts;
END $$;
CREATE FUNCTION send_set(ts bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = yardstick AS $$
BEGIN
  UPDATE txn SET state = 'SENT_TO_PROVIDER' WHERE id = ANY (ts) AND state = 'BALANCE_RESERVED';
  INSERT INTO event (txn, seq, state) SELECT t, 2, 'SENT_TO_PROVIDER' FROM unnest(ts) t;
END $$;
CREATE FUNCTION settle_set(ts bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE accts bigint[];
BEGIN
  WITH t AS (UPDATE txn SET state = 'COMPLETED' WHERE id = ANY (ts) AND state = 'SENT_TO_PROVIDER' RETURNING account)
  SELECT array_agg(account) INTO accts FROM t;
  INSERT INTO line (txn, account, units)
    SELECT t, l.account, l.units FROM unnest(ts, accts) s (t, acct),
           LATERAL (VALUES (s.acct, -1), (-1::bigint, 1), (-2::bigint, -1), (-3::bigint, 1)) l (account, units);
  INSERT INTO event (txn, seq, state) SELECT t, 3, 'COMPLETED' FROM unnest(ts) t;
  INSERT INTO outbox (txn, payload)
    SELECT t, jsonb_build_object('txn', t, 'state', 'COMPLETED') FROM unnest(ts) t;
  PERFORM FROM balance WHERE account = ANY (accts) ORDER BY account FOR UPDATE;
  UPDATE balance b SET posted = b.posted - d.n, held = b.held - d.n, version = b.version + 1
    FROM (SELECT a, count(*) AS n FROM unnest(accts) a GROUP BY a) d WHERE b.account = d.a;
END $$;
