-- Until migration 0005 it took JSON.
DROP FUNCTION IF EXISTS ledger_apply_exact(jsonb);

-- The whole truth about a set of movements, for when the fast way of ledger_apply cannot write it as it stands. It
-- locks what the set touches (holds, expectations, lots by id, then balances by account), rules on each movement as if they
-- came one after another, and writes those that may. Whether an account has a bound is read here, not believed.
--
-- When even the sum of all debits leaves every account within its bound, each of them may; otherwise they are walked
-- in order. A set in which two movements name one hold, expectation, lot or key is applied one by one under the same
-- locks.
-- Raises 40001 when another session posted the same key or id at the same moment: retry the whole unit of work.
CREATE OR REPLACE FUNCTION ledger_apply_exact(
  chosen uuid[],
  m_ref uuid[], m_txn uuid[],
  e_move int[], e_id uuid[], e_key text[], e_kind text[], e_count int[],
  l_entry int[], l_no int[], l_acct bigint[], l_units numeric[], l_bound bool[],
  x_move int[], x_acct bigint[],
  o_move int[], o_op text[], o_id uuid[], o_acct bigint[], o_units numeric[], o_secs float8[], o_kind text[]
) RETURNS TABLE (ref uuid, verdict text, detail text)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  at timestamptz;
  n int := cardinality(m_ref);
  fits bool;
  done int;
  has_entries bool := cardinality(e_id) > 0; has_ops bool := cardinality(o_id) > 0;
  m_verdict text[]; m_detail text[]; m_ok bool[];
  l_move int[]; l_of uuid[];
  -- rows that operations refer to, as locked; and what each operation changes
  r_id uuid[] := '{}'; r_acct bigint[] := '{}'; r_units numeric[] := '{}'; r_state text[] := '{}';
  s_id uuid[]; s_acct bigint[]; s_units numeric[]; s_state text[];
  o_touched bigint[]; o_held numeric[]; o_incoming numeric[]; o_reversible numeric[]; o_verdict text[];
  -- balances as locked; and what the movements that may add up to, per account
  b_acct bigint[]; b_bound text[]; b_posted numeric[]; b_free numeric[]; b_rev numeric[];
  a_acct bigint[]; a_posted numeric[]; a_held numeric[]; a_incoming numeric[]; a_rev numeric[];
  k_move int[]; k_key text[];
BEGIN
  m_ok := array_fill(true, ARRAY[n]);
  m_verdict := array_fill(NULL::text, ARRAY[n]);
  m_detail := array_fill(''::text, ARRAY[n]);
  IF chosen IS NOT NULL THEN
    SELECT array_agg(m.ref = ANY (chosen) ORDER BY m.n),
           array_agg(CASE WHEN m.ref = ANY (chosen) THEN NULL ELSE 'left out' END ORDER BY m.n)
      INTO m_ok, m_verdict FROM unnest(m_ref) WITH ORDINALITY m (ref, n);
  END IF;

  IF has_entries THEN
    SELECT array_agg(e_move[l.entry] ORDER BY l.n), array_agg(e_id[l.entry] ORDER BY l.n) INTO l_move, l_of
      FROM unnest(l_entry) WITH ORDINALITY l (entry, n);
  END IF;

  -- Lock what the operations refer to, and learn what each changes.
  IF has_ops THEN
    IF o_op && ARRAY['hold', 'pin', 'capture', 'release'] THEN
      SELECT array_agg(r.id), array_agg(r.account_id), array_agg(r.units), array_agg('hold:' || r.outcome)
        INTO s_id, s_acct, s_units, s_state
        FROM (SELECT id, account_id, units, outcome FROM ledger_hold WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) r;
      r_id := s_id; r_acct := s_acct; r_units := s_units; r_state := s_state;
    END IF;
    IF o_op && ARRAY['expect', 'announce', 'fulfil', 'drop'] THEN
      SELECT array_agg(r.id), array_agg(r.account_id), array_agg(r.units), array_agg(r.state)
        INTO s_id, s_acct, s_units, s_state
        FROM (SELECT id, account_id, units, state FROM ledger_expectation
               WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) r;
      r_id := r_id || s_id; r_acct := r_acct || s_acct; r_units := r_units || s_units; r_state := r_state || s_state;
    END IF;
    IF o_op && ARRAY['lot', 'consume'] THEN
      SELECT array_agg(r.id), array_agg(r.account_id), array_agg(r.open_units), array_agg('lot'::text)
        INTO s_id, s_acct, s_units, s_state
        FROM (SELECT id, account_id, open_units FROM ledger_lot WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) r;
      r_id := r_id || s_id; r_acct := r_acct || s_acct; r_units := r_units || s_units; r_state := r_state || s_state;
    END IF;
    -- An operation that changes no balance touches no account: pins and unannounced expectations lock nothing.
    SELECT array_agg(c.acct), array_agg(c.held), array_agg(c.incoming), array_agg(c.rev), array_agg(c.verdict)
      INTO o_touched, o_held, o_incoming, o_reversible, o_verdict
      FROM (SELECT CASE WHEN o.op IN ('hold', 'lot') THEN o.acct
                        WHEN o.op IN ('capture', 'release', 'announce', 'consume')
                          OR (o.op IN ('fulfil', 'drop') AND r.state = 'announced') THEN r.acct END AS acct,
                   CASE WHEN o.op = 'hold' THEN o.units WHEN o.op IN ('capture', 'release') THEN -r.units ELSE 0
                   END AS held,
                   CASE WHEN o.op = 'announce' THEN r.units
                        WHEN o.op IN ('fulfil', 'drop') AND r.state = 'announced' THEN -r.units ELSE 0 END AS incoming,
                   CASE WHEN o.op = 'lot' THEN o.units WHEN o.op = 'consume' THEN -LEAST(o.units, r.units) ELSE 0
                   END AS rev,
                   CASE WHEN o.op IN ('hold', 'expect', 'lot') AND r.id IS NOT NULL THEN 'duplicate'
                        WHEN o.op IN ('pin', 'capture', 'release') AND r.state IS DISTINCT FROM 'hold:'
                          THEN 'hold_not_open'
                        WHEN o.op = 'capture' AND o.units > r.units THEN 'hold_exceeded'
                        WHEN o.op = 'announce' AND r.state IS DISTINCT FROM 'written' THEN 'expectation_not_open'
                        WHEN o.op IN ('fulfil', 'drop') AND COALESCE(r.state, '') NOT IN ('written', 'announced')
                          THEN 'expectation_not_open' END AS verdict
              FROM unnest(o_op, o_id, o_acct, o_units) WITH ORDINALITY o (op, id, acct, units, n)
              LEFT JOIN unnest(r_id, r_acct, r_units, r_state) r (id, acct, units, state) ON r.id = o.id
             ORDER BY o.n) c;
  END IF;

  -- Lock the balances, by account. What has no balance row is a system account.
  IF has_entries OR array_remove(o_touched, NULL) <> '{}' THEN
    SELECT array_agg(b.account_id), array_agg(b.bound), array_agg(b.posted), array_agg(b.posted - b.held),
           array_agg(b.reversible)
      INTO b_acct, b_bound, b_posted, b_free, b_rev
      FROM (SELECT * FROM ledger_balance WHERE account_id = ANY (l_acct || o_touched) ORDER BY account_id FOR UPDATE) b;
    IF EXISTS (SELECT FROM unnest(o_touched) t (acct) LEFT JOIN unnest(b_acct) b (acct) ON b.acct = t.acct
                WHERE t.acct IS NOT NULL AND b.acct IS NULL) THEN
      RAISE EXCEPTION 'holds, expectations and lots need a customer''s account' USING ERRCODE = 'data_exception';
    END IF;
  END IF;
  at := clock_timestamp();

  IF cardinality(e_key) > 1 OR cardinality(o_id) > 1 THEN
    IF (SELECT count(*) <> count(DISTINCT u) FROM unnest(e_key) u)
       OR (SELECT count(*) <> count(DISTINCT u) FROM unnest(o_id) u) THEN
      IF n = 1 THEN
        RAISE EXCEPTION 'a movement names each key, hold, expectation and lot once' USING ERRCODE = 'data_exception';
      END IF;
      FOR i IN 1 .. n LOOP
        CONTINUE WHEN NOT m_ok[i];
        RETURN QUERY SELECT a.* FROM ledger_apply(
          NULL, ARRAY[m_ref[i]], ARRAY[m_txn[i]],
          ARRAY(SELECT 1 FROM unnest(e_move) m WHERE m = i),
          ARRAY(SELECT e.id FROM unnest(e_move, e_id) WITH ORDINALITY e (move, id, n) WHERE e.move = i ORDER BY e.n),
          ARRAY(SELECT e.key FROM unnest(e_move, e_key) WITH ORDINALITY e (move, key, n) WHERE e.move = i ORDER BY e.n),
          ARRAY(SELECT e.kind FROM unnest(e_move, e_kind) WITH ORDINALITY e (move, kind, n)
                 WHERE e.move = i ORDER BY e.n),
          ARRAY(SELECT e.count FROM unnest(e_move, e_count) WITH ORDINALITY e (move, count, n)
                 WHERE e.move = i ORDER BY e.n),
          ARRAY(SELECT l.entry - array_position(e_move, i) + 1
                  FROM unnest(l_move, l_entry) WITH ORDINALITY l (move, entry, n) WHERE l.move = i ORDER BY l.n),
          ARRAY(SELECT l.no FROM unnest(l_move, l_no) WITH ORDINALITY l (move, no, n) WHERE l.move = i ORDER BY l.n),
          ARRAY(SELECT l.acct FROM unnest(l_move, l_acct) WITH ORDINALITY l (move, acct, n)
                 WHERE l.move = i ORDER BY l.n),
          ARRAY(SELECT l.units FROM unnest(l_move, l_units) WITH ORDINALITY l (move, units, n)
                 WHERE l.move = i ORDER BY l.n),
          ARRAY(SELECT l.bound FROM unnest(l_move, l_bound) WITH ORDINALITY l (move, bound, n)
                 WHERE l.move = i ORDER BY l.n),
          ARRAY(SELECT 1 FROM unnest(x_move) m WHERE m = i),
          ARRAY(SELECT x.acct FROM unnest(x_move, x_acct) x (move, acct) WHERE x.move = i),
          ARRAY(SELECT 1 FROM unnest(o_move) m WHERE m = i),
          ARRAY(SELECT o.op FROM unnest(o_move, o_op) WITH ORDINALITY o (move, op, n) WHERE o.move = i ORDER BY o.n),
          ARRAY(SELECT o.id FROM unnest(o_move, o_id) WITH ORDINALITY o (move, id, n) WHERE o.move = i ORDER BY o.n),
          ARRAY(SELECT o.acct FROM unnest(o_move, o_acct) WITH ORDINALITY o (move, acct, n)
                 WHERE o.move = i ORDER BY o.n),
          ARRAY(SELECT o.units FROM unnest(o_move, o_units) WITH ORDINALITY o (move, units, n)
                 WHERE o.move = i ORDER BY o.n),
          ARRAY(SELECT o.secs FROM unnest(o_move, o_secs) WITH ORDINALITY o (move, secs, n)
                 WHERE o.move = i ORDER BY o.n),
          ARRAY(SELECT o.kind FROM unnest(o_move, o_kind) WITH ORDINALITY o (move, kind, n)
                 WHERE o.move = i ORDER BY o.n)) a;
      END LOOP;
      RETURN;
    END IF;
  END IF;

  -- What is already there makes a movement a duplicate; what is not open makes it impossible.
  IF array_remove(o_verdict, NULL) <> '{}' THEN
    FOR i IN 1 .. cardinality(o_verdict) LOOP
      IF o_verdict[i] = 'duplicate' OR (o_verdict[i] IS NOT NULL AND m_verdict[o_move[i]] IS NULL) THEN
        m_verdict[o_move[i]] := o_verdict[i];
        m_detail[o_move[i]] := o_op[i] || ' ' || o_id[i];
        m_ok[o_move[i]] := false;
      END IF;
    END LOOP;
  END IF;
  IF has_entries THEN
    SELECT array_agg(k.move), array_agg(k.key) INTO k_move, k_key
      FROM unnest(e_move, e_key) k (move, key) JOIN ledger_entry e ON e.key = k.key
     WHERE e.key = ANY (e_key);
    FOR i IN 1 .. COALESCE(cardinality(k_move), 0) LOOP
      m_verdict[k_move[i]] := 'duplicate';
      m_detail[k_move[i]] := k_key[i];
      m_ok[k_move[i]] := false;
    END LOOP;
  END IF;

  -- The fast way: even all debits together, without any credit, stay within every bound. Else walk them in order and
  -- add up again those that may.
  FOR pass IN 1 .. CASE WHEN b_acct IS NULL THEN 0 ELSE 2 END LOOP
    SELECT COALESCE(bool_and(CASE d.bound WHEN 'debt' THEN d.was + d.up <= 0
                                  ELSE d.free + d.down >= CASE WHEN d.leaves THEN d.had + d.risen ELSE 0 END END), true),
           array_agg(d.acct), array_agg(d.posted), array_agg(d.held), array_agg(d.incoming), array_agg(d.rev)
      INTO fits, a_acct, a_posted, a_held, a_incoming, a_rev
      FROM (SELECT c.acct, c.bound, c.was, c.free, c.had, c.acct = ANY (x_acct) AS leaves,
                   sum(c.posted) AS posted, sum(c.held) AS held, sum(c.incoming) AS incoming, sum(c.rev) AS rev,
                   sum(LEAST(c.posted - c.held, 0)) AS down, sum(GREATEST(c.posted, 0)) AS up,
                   sum(GREATEST(c.rev, 0)) AS risen
              FROM (SELECT b.acct, b.bound, b.was, b.free, b.had, d.move, sum(d.posted) AS posted,
                           sum(d.held) AS held, sum(d.incoming) AS incoming, sum(d.rev) AS rev
                      FROM (SELECT l.move, l.acct, l.units AS posted, 0 AS held, 0 AS incoming, 0 AS rev
                              FROM unnest(l_move, l_acct, l_units) l (move, acct, units)
                            UNION ALL
                            SELECT o.move, o.acct, 0, o.held, o.incoming, o.rev
                              FROM unnest(o_move, o_touched, o_held, o_incoming, o_reversible)
                                   o (move, acct, held, incoming, rev)) d
                      JOIN unnest(b_acct, b_bound, b_posted, b_free, b_rev) b (acct, bound, was, free, had)
                        ON b.acct = d.acct
                     WHERE m_ok[d.move] GROUP BY b.acct, b.bound, b.was, b.free, b.had, d.move) c
             GROUP BY c.acct, c.bound, c.was, c.free, c.had) d;
    EXIT WHEN fits OR pass = 2;
    SELECT j.verdicts, j.details INTO m_verdict, m_detail
      FROM ledger_judge(m_verdict, m_detail, l_move || o_move, l_acct || o_touched,
                        l_units || array_fill(0::numeric, ARRAY[COALESCE(cardinality(o_move), 0)]),
                        array_fill(0::numeric, ARRAY[COALESCE(cardinality(l_move), 0)]) || o_held,
                        array_fill(0::numeric, ARRAY[COALESCE(cardinality(l_move), 0)]) || o_reversible,
                        x_move, x_acct, b_acct, b_bound, b_posted, b_free, b_rev) j;
    SELECT array_agg(v.verdict IS NULL ORDER BY v.n) INTO m_ok FROM unnest(m_verdict) WITH ORDINALITY v (verdict, n);
  END LOOP;

  IF true = ANY (m_ok) THEN
    BEGIN
      IF has_entries THEN
        done := ledger_write_entries(at, m_ok, m_txn, e_move, e_id, e_key, e_kind, e_count, l_move, l_of, l_no, l_acct,
                                     l_units);
      END IF;
      IF has_ops THEN
        done := ledger_write_operations(at, m_ok, m_txn, o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind);
      END IF;
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION 'a key or id was used by another session just now: %', SQLERRM
        USING ERRCODE = 'serialization_failure';
    END;
    IF a_acct IS NOT NULL THEN
      UPDATE ledger_balance b
         SET posted = b.posted + d.posted, held = b.held + d.held, incoming = b.incoming + d.incoming,
             reversible = b.reversible + d.rev, version = b.version + 1, updated_at = at
        FROM unnest(a_acct, a_posted, a_held, a_incoming, a_rev) d (acct, posted, held, incoming, rev)
       WHERE b.account_id = ANY (a_acct) AND b.account_id = d.acct;
    END IF;
    IF has_entries THEN
      INSERT INTO ledger_system_delta (account_id, units)
        SELECT l.acct, sum(l.units) FROM unnest(l_move, l_acct, l_units) l (move, acct, units)
          LEFT JOIN unnest(b_acct) b (acct) ON b.acct = l.acct
         WHERE b.acct IS NULL AND m_ok[l.move] GROUP BY l.acct HAVING sum(l.units) <> 0;
    END IF;
  END IF;

  RETURN QUERY SELECT m.ref, m.verdict, m.detail
    FROM unnest(m_ref, m_verdict, m_detail) m (ref, verdict, detail)
   WHERE m.verdict IS NOT NULL AND (chosen IS NULL OR m.ref = ANY (chosen));
END $$;

-- The exact way: walk the movements in order, keeping every balance as it would then be.
CREATE OR REPLACE FUNCTION ledger_judge(
  verdicts_in text[], details_in text[], d_move int[], d_acct bigint[], d_posted numeric[], d_held numeric[],
  d_rev numeric[], x_move int[], x_acct bigint[], b_acct bigint[], b_bound text[], b_posted numeric[],
  b_free numeric[], b_rev numeric[], OUT verdicts text[], OUT details text[]
) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  k int; a int; c int := 1;
  n_move int[]; n_at int[]; n_free numeric[]; n_posted numeric[]; n_rev numeric[]; n_leaves bool[];
  first int;
BEGIN
  verdicts := verdicts_in;
  details := details_in;
  SELECT array_agg(s.move ORDER BY s.move, s.at), array_agg(s.at ORDER BY s.move, s.at),
         array_agg(s.free ORDER BY s.move, s.at), array_agg(s.posted ORDER BY s.move, s.at),
         array_agg(s.rev ORDER BY s.move, s.at),
         array_agg(EXISTS (SELECT FROM unnest(x_move, x_acct) x (move, acct)
                            WHERE x.move = s.move AND x.acct = b_acct[s.at]) ORDER BY s.move, s.at)
    INTO n_move, n_at, n_free, n_posted, n_rev, n_leaves
    FROM (SELECT d.move, b.at::int AS at, sum(d.posted - d.held) AS free, sum(d.posted) AS posted, sum(d.rev) AS rev
            FROM unnest(d_move, d_acct, d_posted, d_held, d_rev) d (move, acct, posted, held, rev)
            JOIN unnest(b_acct) WITH ORDINALITY b (acct, at) ON b.acct = d.acct
           GROUP BY d.move, b.at) s;
  WHILE c <= cardinality(n_move) LOOP
    k := n_move[c];
    first := c;
    WHILE n_move[c] = k LOOP
      a := n_at[c];
      IF verdicts[k] IS NOT NULL THEN
        NULL;
      ELSIF b_bound[a] = 'debt' THEN
        IF b_posted[a] + n_posted[c] > 0 THEN
          verdicts[k] := 'debt_exceeded';
          details[k] := format('account %s: %s more than is owed', b_acct[a], b_posted[a] + n_posted[c]);
        END IF;
      ELSIF b_free[a] + n_free[c] < 0 THEN
        verdicts[k] := 'insufficient_funds';
        details[k] := format('account %s: %s short', b_acct[a], -(b_free[a] + n_free[c]));
      ELSIF n_leaves[c] AND b_free[a] + n_free[c] < b_rev[a] + n_rev[c] THEN
        verdicts[k] := 'funds_reversible';
        details[k] := format('account %s: %s of it can still be taken back', b_acct[a], b_rev[a] + n_rev[c]);
      END IF;
      c := c + 1;
    END LOOP;
    IF verdicts[k] IS NULL THEN
      FOR j IN first .. c - 1 LOOP
        a := n_at[j];
        b_posted[a] := b_posted[a] + n_posted[j];
        b_free[a] := b_free[a] + n_free[j];
        b_rev[a] := b_rev[a] + n_rev[j];
      END LOOP;
    END IF;
  END LOOP;
END $$;

-- Entries and their lines in one statement, in the order of their keys. A key of another session waits for it to end.
CREATE OR REPLACE FUNCTION ledger_write_entries(
  at timestamptz, m_ok bool[], m_txn uuid[], e_move int[], e_id uuid[], e_key text[], e_kind text[], e_count int[],
  l_move int[], l_entry uuid[], l_no int[], l_acct bigint[], l_units numeric[]
) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  WITH e AS (
    INSERT INTO ledger_entry (id, key, kind, transaction_id, line_count, posted_at)
      SELECT e.id, e.key, e.kind, m_txn[e.move], e.count, at
        FROM unnest(e_move, e_id, e_key, e_kind, e_count) e (move, id, key, kind, count)
       WHERE m_ok[e.move] ORDER BY e.key
  )
  INSERT INTO ledger_line (entry_id, line_no, account_id, units)
    SELECT l.entry, l.no, l.acct, l.units
      FROM unnest(l_move, l_entry, l_no, l_acct, l_units) l (move, entry, no, acct, units) WHERE m_ok[l.move];
  RETURN cardinality(e_id);
END $$;

CREATE OR REPLACE FUNCTION ledger_write_operations(
  at timestamptz, m_ok bool[], m_txn uuid[], o_move int[], o_op text[], o_id uuid[], o_acct bigint[], o_units numeric[],
  o_secs float8[], o_kind text[]
) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF o_op && ARRAY['hold'] THEN
    INSERT INTO ledger_hold (id, account_id, transaction_id, kind, units, deadline, outcome, captured, placed_at)
      SELECT o.id, o.acct, m_txn[o.move], o.kind, o.units, at + make_interval(secs => o.secs), '', 0, at
        FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind) o (move, op, id, acct, units, secs, kind)
       WHERE o.op = 'hold' AND m_ok[o.move] ORDER BY o.id;
  END IF;
  IF o_op && ARRAY['pin', 'capture', 'release'] THEN
    UPDATE ledger_hold h
       SET deadline = CASE WHEN o.op = 'pin' THEN NULL ELSE h.deadline END,
           outcome = CASE o.op WHEN 'pin' THEN '' WHEN 'capture' THEN 'captured' ELSE o.kind END,
           captured = CASE WHEN o.op = 'capture' THEN o.units ELSE 0 END,
           resolved_at = CASE WHEN o.op <> 'pin' THEN at END
      FROM unnest(o_move, o_op, o_id, o_units, o_kind) o (move, op, id, units, kind)
     WHERE h.id = ANY (o_id) AND h.id = o.id AND o.op IN ('pin', 'capture', 'release') AND m_ok[o.move];
  END IF;
  IF o_op && ARRAY['expect'] THEN
    INSERT INTO ledger_expectation (id, account_id, transaction_id, units, state, deadline, written_at)
      SELECT o.id, o.acct, m_txn[o.move], o.units, 'written', at + make_interval(secs => o.secs), at
        FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs) o (move, op, id, acct, units, secs)
       WHERE o.op = 'expect' AND m_ok[o.move] ORDER BY o.id;
  END IF;
  IF o_op && ARRAY['announce', 'fulfil', 'drop'] THEN
    UPDATE ledger_expectation x
       SET state = CASE o.op WHEN 'announce' THEN 'announced' WHEN 'fulfil' THEN 'fulfilled' ELSE 'dropped' END,
           deadline = CASE WHEN o.op = 'announce' THEN NULL ELSE x.deadline END,
           resolved_at = CASE WHEN o.op <> 'announce' THEN at END
      FROM unnest(o_move, o_op, o_id) o (move, op, id)
     WHERE x.id = ANY (o_id) AND x.id = o.id AND o.op IN ('announce', 'fulfil', 'drop') AND m_ok[o.move];
  END IF;
  IF o_op && ARRAY['lot'] THEN
    INSERT INTO ledger_lot (id, account_id, transaction_id, units, open_units, opened_at, release_at)
      SELECT o.id, o.acct, m_txn[o.move], o.units, o.units, at, at + make_interval(secs => o.secs)
        FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs) o (move, op, id, acct, units, secs)
       WHERE o.op = 'lot' AND m_ok[o.move] ORDER BY o.id;
  END IF;
  IF o_op && ARRAY['consume'] THEN
    UPDATE ledger_lot t SET open_units = t.open_units - LEAST(o.units, t.open_units)
      FROM unnest(o_move, o_op, o_id, o_units) o (move, op, id, units)
     WHERE t.id = ANY (o_id) AND t.id = o.id AND o.op = 'consume' AND m_ok[o.move];
  END IF;
  RETURN cardinality(o_id);
END $$;
