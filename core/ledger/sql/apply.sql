-- ledger_apply(moves): the only way in which money moves. One call takes a set of movements, rules on each, and writes
-- those that may. It first writes the whole set as if every movement may, checking as it goes; if anything is in the
-- way (too little money, something that is there already, or not open), it takes all of that back and leaves the set
-- to ledger_apply_exact. Both lock in one order: holds, expectations, lots by id, balances by account, entries by key.
--
-- moves: [{"ref": uuid, "txn": uuid|null,
--          "entries": [{"id": uuid, "key": text, "kind": text, "lines": [[account, units, leaves?], ...]}, ...],
--          "ops": [[op, id, account|null, units|null, seconds|null, kind|null, leaves?], ...]}, ...]
-- op: hold pin capture release | expect announce fulfil drop | lot consume
-- Units are text, so that no JSON library cuts them.
--
-- Plans live as long as the session, and the first ones are made while the tables are small: without sequential scans
-- and with every row named by its key (= ANY), they stay right when the tables grow.
CREATE FUNCTION ledger_apply(moves jsonb) RETURNS TABLE (ref uuid, verdict text, detail text)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  at timestamptz := clock_timestamp();
  fits bool; found_rows int; has_entries bool; has_ops bool;
  n_hold int := 0; n_resolve int := 0; n_expect int := 0; n_follow int := 0; n_lot int := 0; n_consume int := 0;
  m_ref uuid[]; m_txn uuid[];
  l_move int[]; l_entry uuid[]; l_no int[]; l_acct bigint[]; l_units numeric[]; l_leaves bool[];
  o_move int[]; o_op text[]; o_id uuid[]; o_acct bigint[]; o_units numeric[]; o_secs float8[]; o_kind text[];
  o_leaves bool[];
  -- what operations on existing rows change, by movement and account
  h_move int[]; h_acct bigint[]; h_units numeric[];
  i_move int[]; i_acct bigint[]; i_units numeric[];
  t_move int[]; t_acct bigint[]; t_units numeric[];
  b_acct bigint[];
BEGIN
  SELECT array_agg(m.ref), array_agg(m.txn), bool_or(m.has_entries), bool_or(m.has_ops)
    INTO m_ref, m_txn, has_entries, has_ops
    FROM (SELECT (m.doc->>'ref')::uuid AS ref, (m.doc->>'txn')::uuid AS txn, m.doc ? 'entries' AS has_entries,
                 m.doc ? 'ops' AS has_ops
            FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n) ORDER BY m.n) m;
  IF m_ref IS NULL THEN RETURN; END IF;
  IF has_entries THEN
    SELECT array_agg(m.n), array_agg((e.doc->>'id')::uuid), array_agg(l.n), array_agg((l.doc->0)::bigint),
           array_agg((l.doc->>1)::numeric), array_agg(l.doc->2 IS NOT NULL)
      INTO l_move, l_entry, l_no, l_acct, l_units, l_leaves
      FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n), jsonb_array_elements(m.doc->'entries') e (doc),
           jsonb_array_elements(e.doc->'lines') WITH ORDINALITY l (doc, n);
  END IF;
  IF has_ops THEN
    SELECT array_agg(o.move), array_agg(o.op), array_agg((o.doc->>1)::uuid), array_agg((o.doc->>2)::bigint),
           array_agg((o.doc->>3)::numeric), array_agg((o.doc->>4)::float8), array_agg(o.doc->>5),
           array_agg(o.doc->6 IS NOT NULL),
           count(*) FILTER (WHERE o.op = 'hold'), count(*) FILTER (WHERE o.op IN ('pin', 'capture', 'release')),
           count(*) FILTER (WHERE o.op = 'expect'), count(*) FILTER (WHERE o.op IN ('announce', 'fulfil', 'drop')),
           count(*) FILTER (WHERE o.op = 'lot'), count(*) FILTER (WHERE o.op = 'consume')
      INTO o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind, o_leaves,
           n_hold, n_resolve, n_expect, n_follow, n_lot, n_consume
      FROM (SELECT m.n AS move, o.doc->>0 AS op, o.doc
              FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n),
                   jsonb_array_elements(m.doc->'ops') o (doc)) o;
  END IF;

  BEGIN
    IF n_resolve > 0 THEN
      IF n_resolve > 1 THEN
        PERFORM FROM ledger_hold WHERE id = ANY (o_id) ORDER BY id FOR UPDATE;
      END IF;
      WITH u AS (
        UPDATE ledger_hold h
           SET deadline = CASE WHEN o.op = 'pin' THEN NULL ELSE h.deadline END,
               outcome = CASE o.op WHEN 'pin' THEN '' WHEN 'capture' THEN 'captured' ELSE o.kind END,
               captured = CASE WHEN o.op = 'capture' THEN o.units ELSE 0 END,
               resolved_at = CASE WHEN o.op <> 'pin' THEN at END
          FROM unnest(o_move, o_op, o_id, o_units, o_kind) o (move, op, id, units, kind)
         -- CASE, so that no plan walks the index of open holds instead of probing the key
         WHERE h.id = ANY (o_id) AND h.id = o.id AND CASE WHEN h.outcome = '' THEN true ELSE false END
           AND o.op IN ('pin', 'capture', 'release') AND (o.op <> 'capture' OR o.units <= h.units)
        RETURNING o.move, o.op, h.account_id, h.units
      )
      SELECT count(*), array_agg(u.move) FILTER (WHERE u.op <> 'pin'),
             array_agg(u.account_id) FILTER (WHERE u.op <> 'pin'), array_agg(-u.units) FILTER (WHERE u.op <> 'pin')
        INTO found_rows, h_move, h_acct, h_units FROM u;
      IF found_rows <> n_resolve THEN RAISE SQLSTATE 'LG001'; END IF;
    END IF;
    IF n_follow > 0 THEN
      PERFORM FROM ledger_expectation WHERE id = ANY (o_id) ORDER BY id FOR UPDATE;
      WITH was AS MATERIALIZED (
        SELECT x.id, x.state FROM ledger_expectation x WHERE x.id = ANY (o_id)
      ), u AS (
        UPDATE ledger_expectation x
           SET state = CASE o.op WHEN 'announce' THEN 'announced' WHEN 'fulfil' THEN 'fulfilled' ELSE 'dropped' END,
               deadline = CASE WHEN o.op = 'announce' THEN NULL ELSE x.deadline END,
               resolved_at = CASE WHEN o.op <> 'announce' THEN at END
          FROM unnest(o_move, o_op, o_id) o (move, op, id) JOIN was ON was.id = o.id
         WHERE x.id = ANY (o_id) AND x.id = o.id
           AND (was.state = 'written' OR (was.state = 'announced' AND o.op IN ('fulfil', 'drop')))
           AND o.op IN ('announce', 'fulfil', 'drop')
        RETURNING o.move, x.account_id,
                  CASE WHEN o.op = 'announce' THEN x.units WHEN was.state = 'announced' THEN -x.units END AS units
      )
      SELECT count(*), array_agg(u.move) FILTER (WHERE u.units IS NOT NULL),
             array_agg(u.account_id) FILTER (WHERE u.units IS NOT NULL),
             array_agg(u.units) FILTER (WHERE u.units IS NOT NULL)
        INTO found_rows, i_move, i_acct, i_units FROM u;
      IF found_rows <> n_follow THEN RAISE SQLSTATE 'LG001'; END IF;
    END IF;
    IF n_consume > 0 THEN
      -- Taking from a lot that is closed or unknown takes nothing. Two takings of one lot, and lots that the same set
      -- may have opened, are for the exact way.
      IF n_lot > 0 THEN RAISE SQLSTATE 'LG001'; END IF;
      SELECT array_agg(o.move), array_agg(t.account_id), array_agg(-LEAST(o.units, t.open_units))
        INTO t_move, t_acct, t_units
        FROM (SELECT id, account_id, open_units FROM ledger_lot WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) t
        JOIN unnest(o_move, o_op, o_id, o_units) o (move, op, id, units) ON o.id = t.id AND o.op = 'consume';
      UPDATE ledger_lot t SET open_units = t.open_units - LEAST(o.units, t.open_units)
        FROM unnest(o_op, o_id, o_units) o (op, id, units)
       WHERE t.id = ANY (o_id) AND t.id = o.id AND o.op = 'consume';
      GET DIAGNOSTICS found_rows = ROW_COUNT;
      IF found_rows <> COALESCE(cardinality(t_move), 0) THEN RAISE SQLSTATE 'LG001'; END IF;
    END IF;

    IF has_entries OR n_hold > 0 OR n_lot > 0 OR h_move IS NOT NULL OR i_move IS NOT NULL OR t_move IS NOT NULL THEN
      b_acct := array_remove(l_acct || o_acct || h_acct || i_acct || t_acct, NULL);
      IF cardinality(b_acct) > 1 THEN
        PERFORM FROM ledger_balance WHERE account_id = ANY (b_acct) ORDER BY account_id FOR UPDATE;
      END IF;
      at := clock_timestamp();
      -- Every debit of the set together, without any credit, must stay within the bound: then each of them may, in
      -- whatever order. What has no balance row is a system account, which takes insert-only deltas.
      WITH d AS MATERIALIZED (
        SELECT c.acct, sum(c.posted) AS posted, sum(c.held) AS held, sum(c.incoming) AS incoming, sum(c.rev) AS rev,
               sum(LEAST(c.posted - c.held, 0)) AS down, sum(GREATEST(c.posted, 0)) AS up,
               sum(GREATEST(c.rev, 0)) AS risen, bool_or(c.leaves) AS leaves, bool_or(c.op) AS op
          FROM (SELECT r.acct, r.move, sum(r.posted) AS posted, sum(r.held) AS held, sum(r.incoming) AS incoming,
                       sum(r.rev) AS rev, bool_or(r.leaves) AS leaves, bool_or(r.op) AS op
                  FROM (SELECT l.move, l.acct, l.units AS posted, 0 AS held, 0 AS incoming, 0 AS rev, l.leaves,
                               false AS op
                          FROM unnest(l_move, l_acct, l_units, l_leaves) l (move, acct, units, leaves)
                        UNION ALL
                        SELECT o.move, o.acct, 0, CASE WHEN o.op = 'hold' THEN o.units ELSE 0 END, 0,
                               CASE WHEN o.op = 'lot' THEN o.units ELSE 0 END, o.leaves, true
                          FROM unnest(o_move, o_op, o_acct, o_units, o_leaves) o (move, op, acct, units, leaves)
                         WHERE o.op IN ('hold', 'lot')
                        UNION ALL
                        SELECT h.move, h.acct, 0, h.units, 0, 0, false, true
                          FROM unnest(h_move, h_acct, h_units) h (move, acct, units)
                        UNION ALL
                        SELECT i.move, i.acct, 0, 0, i.units, 0, false, true
                          FROM unnest(i_move, i_acct, i_units) i (move, acct, units)
                        UNION ALL
                        SELECT t.move, t.acct, 0, 0, 0, t.units, false, true
                          FROM unnest(t_move, t_acct, t_units) t (move, acct, units)) r
                 GROUP BY r.acct, r.move) c
         GROUP BY c.acct
      ), u AS (
        UPDATE ledger_balance b
           SET posted = b.posted + d.posted, held = b.held + d.held, incoming = b.incoming + d.incoming,
               reversible = b.reversible + d.rev, version = b.version + 1, updated_at = at
          FROM d WHERE b.account_id = ANY (b_acct) AND b.account_id = d.acct
        RETURNING b.account_id,
                  CASE b.bound WHEN 'debt' THEN b.posted - d.posted + d.up <= 0
                               ELSE b.posted - b.held - d.posted + d.held + d.down
                                    >= CASE WHEN d.leaves THEN b.reversible - d.rev + d.risen ELSE 0 END
                  END AS fits
      ), s AS (
        INSERT INTO ledger_system_delta (account_id, units)
          SELECT d.acct, d.posted FROM d LEFT JOIN u ON u.account_id = d.acct
           WHERE u.account_id IS NULL AND d.posted <> 0
      )
      SELECT bool_and(COALESCE(u.fits, NOT d.op)) INTO fits FROM d LEFT JOIN u ON u.account_id = d.acct;
      IF NOT fits THEN RAISE SQLSTATE 'LG001'; END IF;
    END IF;

    IF has_entries THEN
      WITH e AS (
        INSERT INTO ledger_entry (id, key, kind, transaction_id, line_count, posted_at)
          SELECT (e.doc->>'id')::uuid, e.doc->>'key', e.doc->>'kind', (m.doc->>'txn')::uuid,
                 jsonb_array_length(e.doc->'lines'), at
            FROM jsonb_array_elements(moves) m (doc), jsonb_array_elements(m.doc->'entries') e (doc)
           ORDER BY (e.doc->>'key') COLLATE "C"
      )
      INSERT INTO ledger_line (entry_id, line_no, account_id, units)
        SELECT l.entry, l.no, l.acct, l.units FROM unnest(l_entry, l_no, l_acct, l_units) l (entry, no, acct, units);
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
    RETURN QUERY SELECT m.ref, 'ok'::text, ''::text FROM unnest(m_ref) m (ref);
    RETURN;
  EXCEPTION WHEN unique_violation OR check_violation OR SQLSTATE 'LG001' THEN
    NULL; -- taken back whole; what is in the way is for the exact way to say
  END;
  RETURN QUERY SELECT * FROM ledger_apply_exact(moves);
END $$;
