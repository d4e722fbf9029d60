-- Frees reversible lots whose time has passed, oldest ids first; lots before balances, both in key order.
CREATE FUNCTION ledger_close_lots(how_many int) RETURNS TABLE (customer uuid, domain text, asset text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  t_id uuid[]; t_acct bigint[]; t_units numeric[];
BEGIN
  SELECT array_agg(t.id), array_agg(t.account_id), array_agg(t.open_units) INTO t_id, t_acct, t_units
    FROM (SELECT id, account_id, open_units FROM ledger_lot
           WHERE id = ANY (ARRAY(SELECT id FROM ledger_lot
                                  WHERE open_units > 0 AND release_at <= (SELECT clock_timestamp())
                                  ORDER BY release_at LIMIT how_many))
             AND open_units > 0
           ORDER BY id FOR UPDATE SKIP LOCKED) t;
  IF t_id IS NULL THEN RETURN; END IF;
  PERFORM FROM ledger_balance WHERE account_id = ANY (t_acct) ORDER BY account_id FOR UPDATE;
  UPDATE ledger_lot SET open_units = 0 WHERE id = ANY (t_id);
  UPDATE ledger_balance b
     SET reversible = b.reversible - d.units, version = b.version + 1, updated_at = clock_timestamp()
    FROM (SELECT t.acct, sum(t.units) AS units FROM unnest(t_acct, t_units) t (acct, units) GROUP BY t.acct) d
   WHERE b.account_id = d.acct;
  RETURN QUERY SELECT DISTINCT a.customer_id, a.domain, a.asset FROM ledger_account a WHERE a.id = ANY (t_acct);
END $$;

-- Folds deltas of system accounts into their rows: what is deleted is added, in one statement. One at a time.
CREATE FUNCTION ledger_roll_up(how_many int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  folded bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('ledger_roll_up')) THEN RETURN 0; END IF;
  WITH gone AS (
    DELETE FROM ledger_system_delta
     WHERE id = ANY (ARRAY(SELECT id FROM ledger_system_delta ORDER BY id LIMIT how_many))
    RETURNING account_id, units
  ), sums AS (
    SELECT account_id, sum(units) AS units FROM gone GROUP BY account_id
  ), added AS (
    UPDATE ledger_system_balance b SET posted = b.posted + s.units, updated_at = clock_timestamp()
      FROM sums s WHERE b.account_id = s.account_id
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END $$;
