-- What the database itself refuses, whoever asks. Row guards sit in WHEN clauses: they cost nothing while they hold.

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER ledger_account_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('accounts are append-only');
CREATE TRIGGER ledger_entry_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('the journal is append-only');
CREATE TRIGGER ledger_line_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_line
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('the journal is append-only');
CREATE TRIGGER ledger_balance_kept BEFORE DELETE OR TRUNCATE ON ledger_balance
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('balances stay');
CREATE TRIGGER ledger_system_balance_kept BEFORE DELETE OR TRUNCATE ON ledger_system_balance
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('balances stay');
CREATE TRIGGER ledger_system_delta_kept BEFORE UPDATE OR TRUNCATE ON ledger_system_delta
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('deltas are only folded');
CREATE TRIGGER ledger_hold_kept BEFORE DELETE OR TRUNCATE ON ledger_hold
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('holds stay');
CREATE TRIGGER ledger_expectation_kept BEFORE DELETE OR TRUNCATE ON ledger_expectation
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('expectations stay');
CREATE TRIGGER ledger_lot_kept BEFORE DELETE OR TRUNCATE ON ledger_lot
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('lots stay');

-- Every write of a balance takes the next version: a write that skipped the lock shows.
CREATE TRIGGER ledger_balance_version BEFORE UPDATE ON ledger_balance FOR EACH ROW
  WHEN (NEW.version <> OLD.version + 1 OR NEW.account_id <> OLD.account_id OR NEW.bound <> OLD.bound)
  EXECUTE FUNCTION ledger_refuse('the version rises by one and the account stays');

-- A hold is resolved once and keeps what it was placed as.
CREATE TRIGGER ledger_hold_once BEFORE UPDATE ON ledger_hold FOR EACH ROW
  WHEN (OLD.outcome <> '' OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.units <> OLD.units
        OR NEW.kind <> OLD.kind OR NEW.transaction_id IS DISTINCT FROM OLD.transaction_id
        OR NEW.placed_at <> OLD.placed_at)
  EXECUTE FUNCTION ledger_refuse('a hold is resolved once and keeps its terms');

CREATE TRIGGER ledger_expectation_once BEFORE UPDATE ON ledger_expectation FOR EACH ROW
  WHEN (OLD.resolved_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id
        OR NEW.units <> OLD.units OR NEW.transaction_id IS DISTINCT FROM OLD.transaction_id
        OR (OLD.state = 'announced' AND NEW.state = 'written'))
  EXECUTE FUNCTION ledger_refuse('an expectation is resolved once and keeps its terms');

CREATE TRIGGER ledger_lot_falls BEFORE UPDATE ON ledger_lot FOR EACH ROW
  WHEN (NEW.open_units > OLD.open_units OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id
        OR NEW.units <> OLD.units OR NEW.transaction_id IS DISTINCT FROM OLD.transaction_id
        OR NEW.opened_at <> OLD.opened_at)
  EXECUTE FUNCTION ledger_refuse('a lot only falls and keeps its terms');

-- An account gets its balance row in the same statement, so that a line never lacks one.
CREATE FUNCTION ledger_account_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_balance (account_id, bound, posted, held, incoming, reversible, version, updated_at)
    SELECT id, bound, 0, 0, 0, 0, 0, clock_timestamp() FROM fresh WHERE bound <> 'none' ORDER BY id;
  INSERT INTO ledger_system_balance (account_id, posted, updated_at)
    SELECT id, 0, clock_timestamp() FROM fresh WHERE bound = 'none' ORDER BY id;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_balance AFTER INSERT ON ledger_account REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_balance();

-- All lines of an entry come in one statement, numbered 1 to line_count, and sum to zero per asset. The primary key
-- (entry, number) then leaves no room for a later one.
CREATE FUNCTION ledger_line_balanced() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  broken uuid;
BEGIN
  -- Accounts and entries are probed one by one: a join would read all of them.
  SELECT s.entry_id INTO broken
    FROM (SELECT l.entry_id, l.asset, sum(l.units) AS total, count(*) AS lines, min(l.line_no) AS first,
                 max(l.line_no) AS last
            FROM (SELECT f.entry_id, f.line_no, f.units,
                         (SELECT a.asset FROM ledger_account a WHERE a.id = f.account_id) COLLATE "C" AS asset
                    FROM fresh f) l
           GROUP BY l.entry_id, l.asset) s
   GROUP BY s.entry_id
  HAVING bool_or(s.total <> 0) OR bool_or(s.asset IS NULL) OR min(s.first) <> 1 OR max(s.last) <> sum(s.lines)
      OR max(s.last) IS DISTINCT FROM (SELECT e.line_count FROM ledger_entry e WHERE e.id = s.entry_id)
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'entry % is not whole: its lines must exist, be numbered, and sum to zero per asset', broken
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_line_balanced AFTER INSERT ON ledger_line REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_balanced();

CREATE FUNCTION ledger_entry_whole() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  broken uuid;
BEGIN
  SELECT f.id INTO broken FROM fresh f
   WHERE (SELECT l.line_no FROM ledger_line l WHERE l.entry_id = f.id AND l.line_no = f.line_count) IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'entry % came without its lines', broken USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_whole AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_whole();

-- Lines are numbered in the order in which they took effect: the balance is locked while its line gets a number.
ALTER TABLE ledger_line ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY;

-- Room for updates in place on the rows that change most.
ALTER TABLE ledger_balance SET (fillfactor = 50);
ALTER TABLE ledger_hold SET (fillfactor = 80);
ALTER TABLE ledger_system_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
