-- ledger_apply(moves): the only way in which money moves. One call takes a set of movements, locks what they touch in
-- one order (holds, expectations, lots by id, then balances by account), rules on each, and writes those that may.
--
-- moves: [{"ref": uuid, "txn": uuid|null, "exits": [account, ...],
--          "entries": [{"id": uuid, "key": text, "kind": text, "lines": [[account, units], ...]}, ...],
--          "ops": [[op, id, account|null, units|null, seconds|null, kind|null], ...]}, ...]
-- op: hold pin capture release | expect announce fulfil drop | lot consume
--
-- The rulings equal those of applying the movements one after another. When even the sum of all debits of the set
-- leaves every account within its bound, each of them may (the fast way); otherwise they are walked in order.
-- A set in which two movements name one hold, expectation, lot or key is applied one by one under the same locks.
-- Raises 40001 when another session posted the same key or id at the same moment: retry the whole unit of work.
CREATE FUNCTION ledger_apply(moves jsonb) RETURNS TABLE (ref uuid, verdict text, detail text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  at timestamptz;
  n int;
  fits bool;
  -- movements, entries, lines, operations, exits
  m_ref uuid[]; m_txn uuid[]; m_verdict text[]; m_detail text[]; m_ok bool[];
  e_move int[]; e_id uuid[]; e_key text[]; e_kind text[]; e_count int[];
  l_move int[]; l_entry uuid[]; l_no int[]; l_acct bigint[]; l_units numeric[];
  o_move int[]; o_op text[]; o_id uuid[]; o_acct bigint[]; o_units numeric[]; o_secs float8[]; o_kind text[];
  x_move int[]; x_acct bigint[];
  -- rows that operations refer to, as locked; and what each operation changes
  r_id uuid[] := '{}'; r_acct bigint[] := '{}'; r_units numeric[] := '{}'; r_state text[] := '{}';
  s_id uuid[]; s_acct bigint[]; s_units numeric[]; s_state text[];
  o_held numeric[]; o_incoming numeric[]; o_reversible numeric[]; o_verdict text[];
  -- balances as locked
  b_acct bigint[]; b_bound text[]; b_posted numeric[]; b_free numeric[]; b_rev numeric[];
  bad record;
BEGIN
  SELECT array_agg((m.doc->>'ref')::uuid ORDER BY m.n), array_agg((m.doc->>'txn')::uuid ORDER BY m.n)
    INTO m_ref, m_txn FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n);
  IF m_ref IS NULL THEN RETURN; END IF;
  n := cardinality(m_ref);
  m_ok := array_fill(true, ARRAY[n]);
  m_verdict := array_fill(NULL::text, ARRAY[n]);
  m_detail := array_fill(''::text, ARRAY[n]);

  SELECT array_agg(m.n), array_agg((e.doc->>'id')::uuid), array_agg(e.doc->>'key'), array_agg(e.doc->>'kind'),
         array_agg(jsonb_array_length(e.doc->'lines'))
    INTO e_move, e_id, e_key, e_kind, e_count
    FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n), jsonb_array_elements(m.doc->'entries') e (doc);
  IF e_id IS NOT NULL THEN
    SELECT array_agg(m.n), array_agg((e.doc->>'id')::uuid), array_agg(l.n), array_agg((l.doc->0)::bigint),
           array_agg((l.doc->1)::numeric)
      INTO l_move, l_entry, l_no, l_acct, l_units
      FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n), jsonb_array_elements(m.doc->'entries') e (doc),
           jsonb_array_elements(e.doc->'lines') WITH ORDINALITY l (doc, n);
  END IF;
  SELECT array_agg(m.n), array_agg(o.doc->>0), array_agg((o.doc->>1)::uuid), array_agg((o.doc->>2)::bigint),
         array_agg((o.doc->>3)::numeric), array_agg((o.doc->>4)::float8), array_agg(o.doc->>5)
    INTO o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind
    FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n), jsonb_array_elements(m.doc->'ops') o (doc);
  SELECT array_agg(m.n), array_agg(x.acct::bigint) INTO x_move, x_acct
    FROM jsonb_array_elements(moves) WITH ORDINALITY m (doc, n), jsonb_array_elements_text(m.doc->'exits') x (acct);

  -- Lock what the operations refer to, and learn what each changes.
  IF o_id IS NOT NULL THEN
    IF o_op && ARRAY['hold', 'pin', 'capture', 'release'] THEN
      SELECT array_agg(r.id), array_agg(r.account_id), array_agg(r.units), array_agg('hold:' || r.outcome)
        INTO s_id, s_acct, s_units, s_state
        FROM (SELECT id, account_id, units, outcome FROM ledger_hold WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) r;
      r_id := r_id || s_id; r_acct := r_acct || s_acct; r_units := r_units || s_units; r_state := r_state || s_state;
    END IF;
    IF o_op && ARRAY['expect', 'announce', 'fulfil', 'drop'] THEN
      SELECT array_agg(r.id), array_agg(r.account_id), array_agg(r.units), array_agg(r.state)
        INTO s_id, s_acct, s_units, s_state
        FROM (SELECT id, account_id, units, state FROM ledger_expectation WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) r;
      r_id := r_id || s_id; r_acct := r_acct || s_acct; r_units := r_units || s_units; r_state := r_state || s_state;
    END IF;
    IF o_op && ARRAY['lot', 'consume'] THEN
      SELECT array_agg(r.id), array_agg(r.account_id), array_agg(r.open_units), array_agg('lot'::text)
        INTO s_id, s_acct, s_units, s_state
        FROM (SELECT id, account_id, open_units FROM ledger_lot WHERE id = ANY (o_id) ORDER BY id FOR UPDATE) r;
      r_id := r_id || s_id; r_acct := r_acct || s_acct; r_units := r_units || s_units; r_state := r_state || s_state;
    END IF;
    SELECT array_agg(COALESCE(o.acct, r.acct) ORDER BY o.n),
           array_agg(CASE WHEN o.op = 'hold' THEN o.units WHEN o.op IN ('capture', 'release') THEN -r.units ELSE 0 END
                     ORDER BY o.n),
           array_agg(CASE WHEN o.op = 'announce' THEN r.units
                          WHEN o.op IN ('fulfil', 'drop') AND r.state = 'announced' THEN -r.units ELSE 0 END
                     ORDER BY o.n),
           array_agg(CASE WHEN o.op = 'lot' THEN o.units WHEN o.op = 'consume' THEN -LEAST(o.units, r.units) ELSE 0 END
                     ORDER BY o.n),
           array_agg(CASE WHEN o.op IN ('hold', 'expect', 'lot') AND r.id IS NOT NULL THEN 'duplicate'
                          WHEN o.op IN ('pin', 'capture', 'release') AND r.state IS DISTINCT FROM 'hold:'
                            THEN 'hold_not_open'
                          WHEN o.op = 'capture' AND o.units > r.units THEN 'hold_exceeded'
                          WHEN o.op = 'announce' AND r.state IS DISTINCT FROM 'written' THEN 'expectation_not_open'
                          WHEN o.op IN ('fulfil', 'drop') AND COALESCE(r.state, '') NOT IN ('written', 'announced')
                            THEN 'expectation_not_open' END ORDER BY o.n)
      INTO o_acct, o_held, o_incoming, o_reversible, o_verdict
      FROM unnest(o_op, o_id, o_acct, o_units) WITH ORDINALITY o (op, id, acct, units, n)
      LEFT JOIN unnest(r_id, r_acct, r_units, r_state) r (id, acct, units, state) ON r.id = o.id;
  END IF;

  -- Lock the balances, by account. What has no balance row is a system account.
  SELECT array_agg(b.account_id), array_agg(b.bound), array_agg(b.posted), array_agg(b.posted - b.held),
         array_agg(b.reversible)
    INTO b_acct, b_bound, b_posted, b_free, b_rev
    FROM (SELECT * FROM ledger_balance WHERE account_id = ANY (l_acct || o_acct) ORDER BY account_id FOR UPDATE) b;
  at := clock_timestamp();

  IF (SELECT count(*) <> count(DISTINCT u) FROM unnest(e_key) u)
     OR (SELECT count(*) <> count(DISTINCT u) FROM unnest(o_id) u) THEN
    IF n = 1 THEN
      RAISE EXCEPTION 'a movement names each key, hold, expectation and lot once' USING ERRCODE = 'data_exception';
    END IF;
    FOR i IN 0 .. n - 1 LOOP
      RETURN QUERY SELECT * FROM ledger_apply(jsonb_build_array(moves->i));
    END LOOP;
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM unnest(o_acct) a WHERE a IS NOT NULL AND a <> ALL (COALESCE(b_acct, '{}'))) THEN
    RAISE EXCEPTION 'holds, expectations and lots need a customer''s account' USING ERRCODE = 'data_exception';
  END IF;

  -- What is already there makes a movement a duplicate; what is not open makes it impossible.
  FOR bad IN
    SELECT k.move, 'duplicate' AS verdict, k.key AS detail
      FROM unnest(e_move, e_key) k (move, key) JOIN ledger_entry e ON e.key = k.key
    UNION ALL
    SELECT o.move, o.verdict, o.op || ' ' || o.id
      FROM unnest(o_move, o_op, o_id, o_verdict) o (move, op, id, verdict) WHERE o.verdict IS NOT NULL
  LOOP
    IF m_verdict[bad.move] IS DISTINCT FROM 'duplicate' THEN
      m_verdict[bad.move] := bad.verdict;
      m_detail[bad.move] := bad.detail;
    END IF;
    m_ok[bad.move] := false;
  END LOOP;

  -- The fast way: even all debits together, without any credit, stay within every bound.
  SELECT COALESCE(bool_and(CASE b.bound WHEN 'debt' THEN b.posted + d.up <= 0
                                ELSE b.free + d.down >= CASE WHEN d.leaves THEN b.rev + d.rev ELSE 0 END END), true)
    INTO fits
    FROM (SELECT c.acct, sum(LEAST(c.free, 0)) AS down, sum(GREATEST(c.posted, 0)) AS up,
                 sum(GREATEST(c.rev, 0)) AS rev, bool_or(c.acct = ANY (x_acct)) AS leaves
            FROM (SELECT d.acct, d.move, sum(d.posted) AS posted, sum(d.posted - d.held) AS free, sum(d.rev) AS rev
                    FROM (SELECT l.move, l.acct, l.units AS posted, 0 AS held, 0 AS rev
                            FROM unnest(l_move, l_acct, l_units) l (move, acct, units)
                          UNION ALL
                          SELECT o.move, o.acct, 0, o.held, o.rev
                            FROM unnest(o_move, o_acct, o_held, o_reversible) o (move, acct, held, rev)) d
                   WHERE m_ok[d.move] GROUP BY d.acct, d.move) c
           GROUP BY c.acct) d
    JOIN unnest(b_acct, b_bound, b_posted, b_free, b_rev) b (acct, bound, posted, free, rev) ON b.acct = d.acct;
  IF NOT fits THEN
    SELECT j.verdicts, j.details INTO m_verdict, m_detail
      FROM ledger_judge(m_verdict, m_detail, l_move || o_move, l_acct || o_acct,
                        l_units || array_fill(0::numeric, ARRAY[COALESCE(cardinality(o_move), 0)]),
                        array_fill(0::numeric, ARRAY[COALESCE(cardinality(l_move), 0)]) || o_held,
                        array_fill(0::numeric, ARRAY[COALESCE(cardinality(l_move), 0)]) || o_reversible,
                        x_move, x_acct, b_acct, b_bound, b_posted, b_free, b_rev) j;
    SELECT array_agg(v.verdict IS NULL ORDER BY v.n) INTO m_ok FROM unnest(m_verdict) WITH ORDINALITY v (verdict, n);
  END IF;

  IF true = ANY (m_ok) THEN
    PERFORM ledger_write_entries(at, m_ok, m_txn, e_move, e_id, e_key, e_kind, e_count, l_move, l_entry, l_no, l_acct,
                                 l_units);
    IF o_id IS NOT NULL THEN
      PERFORM ledger_write_operations(at, m_ok, m_txn, o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind);
    END IF;
    UPDATE ledger_balance b
       SET posted = b.posted + d.posted, held = b.held + d.held, incoming = b.incoming + d.incoming,
           reversible = b.reversible + d.reversible, version = b.version + 1, updated_at = at
      FROM (SELECT c.acct, sum(c.posted) AS posted, sum(c.held) AS held, sum(c.incoming) AS incoming,
                   sum(c.reversible) AS reversible
              FROM (SELECT l.move, l.acct, l.units AS posted, 0 AS held, 0 AS incoming, 0 AS reversible
                      FROM unnest(l_move, l_acct, l_units) l (move, acct, units)
                    UNION ALL
                    SELECT o.move, o.acct, 0, o.held, o.incoming, o.reversible
                      FROM unnest(o_move, o_acct, o_held, o_incoming, o_reversible)
                           o (move, acct, held, incoming, reversible)) c
             WHERE m_ok[c.move] GROUP BY c.acct) d
     WHERE b.account_id = d.acct;
    INSERT INTO ledger_system_delta (account_id, units)
      SELECT l.acct, sum(l.units) FROM unnest(l_move, l_acct, l_units) l (move, acct, units)
        LEFT JOIN unnest(b_acct) b (acct) ON b.acct = l.acct
       WHERE b.acct IS NULL AND m_ok[l.move] GROUP BY l.acct HAVING sum(l.units) <> 0;
  END IF;

  RETURN QUERY SELECT m.ref, COALESCE(m.verdict, 'ok'), m.detail
    FROM unnest(m_ref, m_verdict, m_detail) WITH ORDINALITY m (ref, verdict, detail, n) ORDER BY m.n;
END $$;

-- The exact way: walk the movements in order, keeping every balance as it would then be.
CREATE FUNCTION ledger_judge(
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

CREATE FUNCTION ledger_write_entries(
  at timestamptz, m_ok bool[], m_txn uuid[], e_move int[], e_id uuid[], e_key text[], e_kind text[], e_count int[],
  l_move int[], l_entry uuid[], l_no int[], l_acct bigint[], l_units numeric[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  written int;
BEGIN
  IF e_id IS NULL THEN RETURN; END IF;
  WITH e AS (
    INSERT INTO ledger_entry (id, key, kind, transaction_id, line_count, posted_at)
      SELECT e.id, e.key, e.kind, m_txn[e.move], e.count, at
        FROM unnest(e_move, e_id, e_key, e_kind, e_count) e (move, id, key, kind, count)
       WHERE m_ok[e.move] ORDER BY e.key
    ON CONFLICT (key) DO NOTHING RETURNING id
  ), l AS (
    INSERT INTO ledger_line (entry_id, line_no, account_id, units)
      SELECT l.entry, l.no, l.acct, l.units
        FROM unnest(l_entry, l_no, l_acct, l_units) l (entry, no, acct, units) JOIN e ON e.id = l.entry
       ORDER BY l.entry, l.no
  )
  SELECT count(*) INTO written FROM e;
  IF written <> (SELECT count(*) FROM unnest(e_move) move WHERE m_ok[move]) THEN
    RAISE EXCEPTION 'an entry key was posted by another session just now' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

CREATE FUNCTION ledger_write_operations(
  at timestamptz, m_ok bool[], m_txn uuid[], o_move int[], o_op text[], o_id uuid[], o_acct bigint[], o_units numeric[],
  o_secs float8[], o_kind text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  written int; wanted int;
BEGIN
  IF o_op && ARRAY['hold'] THEN
    INSERT INTO ledger_hold (id, account_id, transaction_id, kind, units, deadline, outcome, captured, placed_at)
      SELECT o.id, o.acct, m_txn[o.move], o.kind, o.units, at + make_interval(secs => o.secs), '', 0, at
        FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind) o (move, op, id, acct, units, secs, kind)
       WHERE o.op = 'hold' AND m_ok[o.move] ORDER BY o.id
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  IF o_op && ARRAY['pin', 'capture', 'release'] THEN
    UPDATE ledger_hold h
       SET deadline = CASE WHEN o.op = 'pin' THEN NULL ELSE h.deadline END,
           outcome = CASE o.op WHEN 'pin' THEN '' WHEN 'capture' THEN 'captured' ELSE o.kind END,
           captured = CASE WHEN o.op = 'capture' THEN o.units ELSE 0 END,
           resolved_at = CASE WHEN o.op <> 'pin' THEN at END
      FROM unnest(o_move, o_op, o_id, o_units, o_kind) o (move, op, id, units, kind)
     WHERE h.id = o.id AND o.op IN ('pin', 'capture', 'release') AND m_ok[o.move];
  END IF;
  IF o_op && ARRAY['expect'] THEN
    INSERT INTO ledger_expectation (id, account_id, transaction_id, units, state, deadline, written_at)
      SELECT o.id, o.acct, m_txn[o.move], o.units, 'written', at + make_interval(secs => o.secs), at
        FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs) o (move, op, id, acct, units, secs)
       WHERE o.op = 'expect' AND m_ok[o.move] ORDER BY o.id
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS wanted = ROW_COUNT;
    written := COALESCE(written, 0) + wanted;
  END IF;
  IF o_op && ARRAY['announce', 'fulfil', 'drop'] THEN
    UPDATE ledger_expectation x
       SET state = CASE o.op WHEN 'announce' THEN 'announced' WHEN 'fulfil' THEN 'fulfilled' ELSE 'dropped' END,
           deadline = CASE WHEN o.op = 'announce' THEN NULL ELSE x.deadline END,
           resolved_at = CASE WHEN o.op <> 'announce' THEN at END
      FROM unnest(o_move, o_op, o_id) o (move, op, id)
     WHERE x.id = o.id AND o.op IN ('announce', 'fulfil', 'drop') AND m_ok[o.move];
  END IF;
  IF o_op && ARRAY['lot'] THEN
    INSERT INTO ledger_lot (id, account_id, transaction_id, units, open_units, opened_at, release_at)
      SELECT o.id, o.acct, m_txn[o.move], o.units, o.units, at, at + make_interval(secs => o.secs)
        FROM unnest(o_move, o_op, o_id, o_acct, o_units, o_secs) o (move, op, id, acct, units, secs)
       WHERE o.op = 'lot' AND m_ok[o.move] ORDER BY o.id
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS wanted = ROW_COUNT;
    written := COALESCE(written, 0) + wanted;
  END IF;
  IF o_op && ARRAY['consume'] THEN
    UPDATE ledger_lot t SET open_units = t.open_units - LEAST(o.units, t.open_units)
      FROM unnest(o_move, o_op, o_id, o_units) o (move, op, id, units)
     WHERE t.id = o.id AND o.op = 'consume' AND m_ok[o.move];
  END IF;
  IF written IS NOT NULL AND written <> (SELECT count(*) FROM unnest(o_move, o_op) o (move, op)
                                          WHERE o.op IN ('hold', 'expect', 'lot') AND m_ok[o.move]) THEN
    RAISE EXCEPTION 'an id was used by another session just now' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;
