-- Until migration 0005 it took JSON.
DROP FUNCTION IF EXISTS ledger_apply(jsonb);

-- ledger_apply: the only way in which money moves. One call takes a set of movements, rules on each, and writes those
-- that may; it returns the refused ones. It first writes the whole set as if every movement may, checking as it goes;
-- if anything is in the way (too little money, something that is there already, or not open), it takes all of that back
-- and leaves the set to ledger_apply_exact. Both lock in one order: holds, expectations, lots by id, balances by
-- account, entries by key.
--
-- The set comes as arrays, which cost a third of what JSON does: movements (m), their entries in order (e), the lines
-- (l; entry is the place in e, bound says that the account has a bound), the accounts whose exit is checked (x), the
-- operations (o: hold pin capture release, expect announce fulfil drop, lot consume). Where ``chosen`` is not null, the
-- movements that it does not name are left out, as if they had not come.
--
-- Plans live as long as the session, and the first ones are made while the tables are small: each is made once, from
-- nested loops over keys, which stay right when the tables grow and visit the rows in the order they are named in.
CREATE OR REPLACE FUNCTION ledger_apply(
  chosen uuid[],
  m_ref uuid[], m_txn uuid[],
  e_move int[], e_id uuid[], e_key text[], e_kind text[], e_count int[],
  l_entry int[], l_no int[], l_acct bigint[], l_units numeric[], l_bound bool[],
  x_move int[], x_acct bigint[],
  o_move int[], o_op text[], o_id uuid[], o_acct bigint[], o_units numeric[], o_secs float8[], o_kind text[]
) RETURNS TABLE (ref uuid, verdict text, detail text) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  at timestamptz;
  fits bool; found_rows int; misplaced int;
  n_ops int := cardinality(o_op); n_entries int := cardinality(e_id);
  n_hold int := 0; n_resolve int := 0; n_expect int := 0; n_follow int := 0; n_lot int := 0; n_consume int := 0;
  -- what operations on existing rows change, by movement and account: 1 held, 2 incoming, 3 reversible
  d_move int[] := '{}'; d_acct bigint[] := '{}'; d_what int[] := '{}'; d_units numeric[] := '{}';
  c_move int[]; c_acct bigint[]; c_units numeric[];
BEGIN
  IF NOT m_ref <@ chosen THEN
    RETURN QUERY SELECT * FROM ledger_apply_exact(
      chosen, m_ref, m_txn, e_move, e_id, e_key, e_kind, e_count, l_entry, l_no, l_acct, l_units, l_bound, x_move,
      x_acct,
      o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind);
    RETURN;
  END IF;
  IF n_ops = 1 THEN
    n_hold := (o_op[1] = 'hold')::int;
    n_resolve := (o_op[1] IN ('pin', 'capture', 'release'))::int;
    n_expect := (o_op[1] = 'expect')::int;
    n_follow := (o_op[1] IN ('announce', 'fulfil', 'drop'))::int;
    n_lot := (o_op[1] = 'lot')::int;
    n_consume := (o_op[1] = 'consume')::int;
  ELSIF n_ops > 1 THEN
    SELECT count(*) FILTER (WHERE o = 'hold'), count(*) FILTER (WHERE o IN ('pin', 'capture', 'release')),
           count(*) FILTER (WHERE o = 'expect'), count(*) FILTER (WHERE o IN ('announce', 'fulfil', 'drop')),
           count(*) FILTER (WHERE o = 'lot'), count(*) FILTER (WHERE o = 'consume')
      INTO n_hold, n_resolve, n_expect, n_follow, n_lot, n_consume FROM unnest(o_op) o;
  END IF;

  BEGIN
    IF n_resolve > 0 THEN
      IF n_resolve > 1 THEN
        PERFORM FROM ledger_hold WHERE id = ANY (o_id) ORDER BY id FOR UPDATE;
      END IF;
      at := clock_timestamp();
      WITH u AS (
        UPDATE ledger_hold h
           SET deadline = CASE WHEN o.op = 'pin' THEN NULL ELSE h.deadline END,
               outcome = CASE o.op WHEN 'pin' THEN '' WHEN 'capture' THEN 'captured' ELSE o.kind END,
               captured = CASE WHEN o.op = 'capture' THEN o.units ELSE 0 END,
               resolved_at = CASE WHEN o.op <> 'pin' THEN at END
          FROM unnest(o_move, o_op, o_id, o_units, o_kind) o (move, op, id, units, kind)
         -- CASE, so that no plan walks the index of open holds instead of probing the key
         WHERE h.id = o.id AND CASE WHEN h.outcome = '' THEN true ELSE false END
           AND o.op IN ('pin', 'capture', 'release') AND (o.op <> 'capture' OR o.units <= h.units)
        RETURNING o.move, o.op, h.account_id, h.units
      )
      SELECT count(*), array_agg(u.move) FILTER (WHERE u.op <> 'pin'),
             array_agg(u.account_id) FILTER (WHERE u.op <> 'pin'), array_agg(-u.units) FILTER (WHERE u.op <> 'pin')
        INTO found_rows, c_move, c_acct, c_units FROM u;
      IF found_rows <> n_resolve THEN RAISE SQLSTATE 'LG001'; END IF;
      IF c_move IS NOT NULL THEN
        d_move := c_move; d_acct := c_acct; d_units := c_units; d_what := array_fill(1, ARRAY[cardinality(c_move)]);
      END IF;
    END IF;
    IF n_follow > 0 THEN
      at := clock_timestamp();
      WITH was AS MATERIALIZED (
        SELECT x.id, x.state FROM ledger_expectation x WHERE x.id = ANY (o_id) ORDER BY x.id FOR UPDATE
      ), u AS (
        UPDATE ledger_expectation x
           SET state = CASE o.op WHEN 'announce' THEN 'announced' WHEN 'fulfil' THEN 'fulfilled' ELSE 'dropped' END,
               deadline = CASE WHEN o.op = 'announce' THEN NULL ELSE x.deadline END,
               resolved_at = CASE WHEN o.op <> 'announce' THEN at END
          FROM was JOIN unnest(o_move, o_op, o_id) o (move, op, id) ON o.id = was.id
         WHERE x.id = was.id
           AND (was.state = 'written' OR (was.state = 'announced' AND o.op IN ('fulfil', 'drop')))
           AND o.op IN ('announce', 'fulfil', 'drop')
        RETURNING o.move, x.account_id,
                  CASE WHEN o.op = 'announce' THEN x.units WHEN was.state = 'announced' THEN -x.units END AS units
      )
      SELECT count(*), array_agg(u.move) FILTER (WHERE u.units IS NOT NULL),
             array_agg(u.account_id) FILTER (WHERE u.units IS NOT NULL),
             array_agg(u.units) FILTER (WHERE u.units IS NOT NULL)
        INTO found_rows, c_move, c_acct, c_units FROM u;
      IF found_rows <> n_follow THEN RAISE SQLSTATE 'LG001'; END IF;
      IF c_move IS NOT NULL THEN
        d_move := d_move || c_move; d_acct := d_acct || c_acct; d_units := d_units || c_units;
        d_what := d_what || array_fill(2, ARRAY[cardinality(c_move)]);
      END IF;
    END IF;
    IF n_consume > 0 THEN
      -- Taking from a lot that is closed or unknown takes nothing. Two takings of one lot, and lots that the same set
      -- may have opened, are for the exact way.
      IF n_lot > 0 THEN RAISE SQLSTATE 'LG001'; END IF;
      SELECT array_agg(o.move), array_agg(t.account_id), array_agg(-LEAST(o.units, t.open_units))
        INTO c_move, c_acct, c_units
        FROM (SELECT id, account_id, open_units FROM ledger_lot WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) t
        JOIN unnest(o_move, o_op, o_id, o_units) o (move, op, id, units) ON o.id = t.id AND o.op = 'consume';
      UPDATE ledger_lot t SET open_units = t.open_units - LEAST(o.units, t.open_units)
        FROM unnest(o_op, o_id, o_units) o (op, id, units)
       WHERE t.id = o.id AND o.op = 'consume';
      GET DIAGNOSTICS found_rows = ROW_COUNT;
      IF found_rows <> COALESCE(cardinality(c_move), 0) THEN RAISE SQLSTATE 'LG001'; END IF;
      IF c_move IS NOT NULL THEN
        d_move := d_move || c_move; d_acct := d_acct || c_acct; d_units := d_units || c_units;
        d_what := d_what || array_fill(3, ARRAY[cardinality(c_move)]);
      END IF;
    END IF;

    IF n_entries > 0 OR n_hold > 0 OR n_lot > 0 OR d_move <> '{}' THEN
      -- Every debit of the set together, without any credit, must stay within the bound: then each of them may, in
      -- whatever order. Rows are updated, and so locked, in the order of their accounts.
      WITH d AS MATERIALIZED (
        SELECT c.acct, sum(c.posted) AS posted, sum(c.held) AS held, sum(c.incoming) AS incoming, sum(c.rev) AS rev,
               sum(LEAST(c.posted - c.held, 0)) AS down, sum(GREATEST(c.posted, 0)) AS up,
               sum(GREATEST(c.rev, 0)) AS risen
          FROM (SELECT r.acct, COALESCE(sum(r.units) FILTER (WHERE r.what = 0), 0) AS posted,
                       COALESCE(sum(r.units) FILTER (WHERE r.what = 1), 0) AS held,
                       COALESCE(sum(r.units) FILTER (WHERE r.what = 2), 0) AS incoming,
                       COALESCE(sum(r.units) FILTER (WHERE r.what = 3), 0) AS rev
                  FROM (SELECT e_move[l.entry] AS move, l.acct, 0 AS what, l.units
                          FROM unnest(l_entry, l_acct, l_units, l_bound) l (entry, acct, units, bound) WHERE l.bound
                        UNION ALL
                        SELECT o.move, o.acct, CASE o.op WHEN 'hold' THEN 1 ELSE 3 END, o.units
                          FROM unnest(o_move, o_op, o_acct, o_units) o (move, op, acct, units)
                         WHERE o.op IN ('hold', 'lot')
                        UNION ALL
                        SELECT * FROM unnest(d_move, d_acct, d_what, d_units)) r
                 GROUP BY r.acct, r.move) c
         GROUP BY c.acct ORDER BY c.acct
      ), u AS (
        UPDATE ledger_balance b
           SET posted = b.posted + d.posted, held = b.held + d.held, incoming = b.incoming + d.incoming,
               reversible = b.reversible + d.rev, version = b.version + 1, updated_at = clock_timestamp()
          FROM d WHERE b.account_id = d.acct
        RETURNING CASE b.bound WHEN 'debt' THEN b.posted - d.posted + d.up <= 0
                               ELSE b.posted - b.held - d.posted + d.held + d.down
                                    >= CASE WHEN d.acct = ANY (x_acct) THEN b.reversible - d.rev + d.risen ELSE 0 END
                  END AS fits
      )
      SELECT count(*) = (SELECT count(*) FROM d) AND COALESCE(bool_and(u.fits), true) INTO fits FROM u;
      IF NOT fits THEN RAISE SQLSTATE 'LG001'; END IF;
    END IF;
    at := clock_timestamp();

    IF n_entries > 0 THEN
      -- System accounts take insert-only deltas. What has a balance row is none, whatever the caller says.
      WITH s AS (
        INSERT INTO ledger_system_delta (account_id, units)
          SELECT l.acct, sum(l.units) FROM unnest(l_acct, l_units, l_bound) l (acct, units, bound)
           WHERE NOT l.bound GROUP BY l.acct HAVING sum(l.units) <> 0
        RETURNING account_id
      )
      SELECT count(*) INTO misplaced FROM s JOIN ledger_balance b ON b.account_id = s.account_id;
      IF misplaced > 0 THEN RAISE SQLSTATE 'LG001'; END IF;
      WITH e AS (
        INSERT INTO ledger_entry (id, key, kind, transaction_id, line_count, posted_at)
          SELECT e.id, e.key, e.kind, m_txn[e.move], e.count, at
            FROM unnest(e_move, e_id, e_key, e_kind, e_count) e (move, id, key, kind, count)
           ORDER BY e.key COLLATE "C"
      )
      INSERT INTO ledger_line (entry_id, line_no, account_id, units)
        SELECT e_id[l.entry], l.no, l.acct, l.units
          FROM unnest(l_entry, l_no, l_acct, l_units) l (entry, no, acct, units);
    END IF;
    IF n_hold > 0 THEN
      INSERT INTO ledger_hold (id, account_id, transaction_id, kind, units, deadline, outcome, captured, placed_at)
        SELECT o.id, o.acct, m_txn[o.move], o.kind, o.units, at + make_interval(secs => o.secs), '', 0, at
          FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind) o (move, op, id, acct, units, secs, kind)
         WHERE o.op = 'hold' ORDER BY o.id;
    END IF;
    IF n_expect > 0 THEN
      INSERT INTO ledger_expectation (id, account_id, transaction_id, units, state, deadline, written_at)
        SELECT o.id, o.acct, m_txn[o.move], o.units, 'written', at + make_interval(secs => o.secs), at
          FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs) o (move, op, id, acct, units, secs)
         WHERE o.op = 'expect' ORDER BY o.id;
    END IF;
    IF n_lot > 0 THEN
      INSERT INTO ledger_lot (id, account_id, transaction_id, units, open_units, opened_at, release_at)
        SELECT o.id, o.acct, m_txn[o.move], o.units, o.units, at, at + make_interval(secs => o.secs)
          FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs) o (move, op, id, acct, units, secs)
         WHERE o.op = 'lot' ORDER BY o.id;
    END IF;
    RETURN;
  EXCEPTION WHEN unique_violation OR check_violation OR SQLSTATE 'LG001' THEN
    NULL; -- taken back whole; what is in the way is for the exact way to say
  END;
  RETURN QUERY SELECT * FROM ledger_apply_exact(
    chosen, m_ref, m_txn, e_move, e_id, e_key, e_kind, e_count, l_entry, l_no, l_acct, l_units, l_bound, x_move, x_acct,
    o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind);
END $$;
