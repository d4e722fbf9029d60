-- Until migration 0008 it returned nothing.
DROP FUNCTION IF EXISTS orchestration_open(jsonb);

-- Accept transactions: the rows and their first events, at one moment, which is returned. The caller appends their stream
-- rows last, in the same statement.
CREATE OR REPLACE FUNCTION orchestration_open(rows jsonb) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    INSERT INTO orchestration_transaction (
        id, customer_id, counterparty_id, domain, kind, state, trail, reason, version, fence, due_at, deadline_at,
        tries, asset, target_asset, side, units, debit_units, receive_units, reversed_units, fees, method, instrument_id, provider,
        quote_id, undo, cleared, preferences, parent_id, client_reference, correlation_id, request_id, security, seq,
        leg, terms, results, created_at, updated_at)
    SELECT r.id, r.customer_id, r.counterparty_id, r.domain, r.kind, 'INITIATED', '{}', r.reason, 1, 0,
        moment, moment + make_interval(secs => r.deadline_in), 0, r.asset, coalesce(r.target_asset, ''),
        r.side, r.units, r.debit_units, r.receive_units, 0, r.fees, r.method, r.instrument_id, r.provider, r.quote_id, '{}', '{}',
        r.preferences, r.parent_id, r.client_reference, r.correlation_id, r.request_id, r.security, 1,
        '', coalesce(r.terms, '{}'), '{}', moment, moment
    FROM jsonb_to_recordset(rows) AS r(
        id uuid, customer_id uuid, counterparty_id uuid, domain text, kind text, reason text, deadline_in float8,
        asset text, side text, units numeric, debit_units numeric, receive_units numeric, fees jsonb, method text,
        instrument_id uuid, provider text, quote_id uuid, preferences jsonb, parent_id uuid, client_reference text,
        correlation_id text, request_id text, security jsonb, target_asset text, terms jsonb);
    INSERT INTO orchestration_event (id, transaction_id, seq, type, from_state, to_state, actor, reason, data, created_at)
    SELECT e.event_id, e.id, 1, 'transaction.created', '', 'INITIATED', e.actor, '', '{}', moment
    FROM jsonb_to_recordset(rows) AS e(event_id uuid, id uuid, actor text);
    RETURN moment;
END $$;

-- Until migration 0006 the ledger's movements were in the payload.
DROP FUNCTION IF EXISTS orchestration_commit(jsonb);

-- Write the outcome of one step for a set of transactions: all of a transaction's changes or none of them.
--
-- Order of locks: transactions by id, limits, balances by account, stream heads. Returns a row for each transaction that
-- was refused: 'stale' (somebody else moved it), what the limits or the ledger said, with nothing written for it.
-- Plans are kept from a time when a table may have been empty: without sequential scans they reach rows by key for ever,
-- and each is made once (a plan for these very arrays looks cheaper to PostgreSQL and would be made at every call).
CREATE OR REPLACE FUNCTION orchestration_commit(
    payload jsonb, i_id uuid[], i_version int[], i_fence int[], i_state text[],
    m_ref uuid[], m_txn uuid[],
    e_move int[], e_id uuid[], e_key text[], e_kind text[], e_count int[],
    l_entry int[], l_no int[], l_acct bigint[], l_units numeric[], l_bound bool[],
    x_move int[], x_acct bigint[],
    o_move int[], o_op text[], o_id uuid[], o_acct bigint[], o_units numeric[], o_secs float8[], o_kind text[]
) RETURNS TABLE (ref uuid, verdict text) LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    total integer := cardinality(i_id);
    good uuid[];
    refused jsonb := '[]';
    verdicts jsonb;
    has_limits boolean := payload ? 'limits';
BEGIN
    SELECT array_agg(l.id) INTO good
    FROM (SELECT t.id, t.version, t.fence, t.state FROM orchestration_transaction t
          WHERE t.id = ANY (i_id) ORDER BY t.id FOR NO KEY UPDATE) l
    JOIN unnest(i_id, i_version, i_fence, i_state) AS i(id, version, fence, state)
        ON i.id = l.id AND i.version = l.version AND i.fence = l.fence AND i.state = l.state;
    IF good IS NULL OR cardinality(good) < total THEN
        good := coalesce(good, '{}');
        SELECT jsonb_agg(jsonb_build_object('r', i, 'v', 'stale')) INTO refused
        FROM unnest(i_id) i WHERE NOT i = ANY (good);
    END IF;

    IF has_limits THEN
        EXECUTE format(
            'SELECT jsonb_agg(jsonb_build_object(''r'', c.ref, ''v'', c.verdict)) FROM %I($1) c '
            'WHERE c.verdict <> ''ok''', payload->>'consumer')
            INTO verdicts USING CASE cardinality(good) WHEN total THEN payload->'limits'
                                ELSE orchestration_only(payload->'limits', 'ref', good) END;
        IF verdicts IS NOT NULL THEN
            refused := refused || verdicts;
            good := orchestration_without(good, verdicts);
        END IF;
    END IF;

    IF m_ref <> '{}' AND good <> '{}' THEN
        SELECT jsonb_agg(jsonb_build_object('r', m.ref, 'v', m.verdict)) INTO verdicts
        FROM ledger_apply(
            CASE cardinality(good) WHEN total THEN NULL ELSE good END,
            m_ref, m_txn, e_move, e_id, e_key, e_kind, e_count, l_entry, l_no, l_acct, l_units, l_bound, x_move, x_acct,
            o_move, o_op, o_id, o_acct, o_units, o_secs, o_kind) m;
        IF verdicts IS NOT NULL THEN
            refused := refused || verdicts;
            good := orchestration_without(good, verdicts);
            IF has_limits THEN
                EXECUTE format('SELECT count(*) FROM %I($1)', payload->>'consumer')
                    USING orchestration_giving_back(payload->'limits', verdicts);
            END IF;
        END IF;
    END IF;

    IF good <> '{}' THEN
        PERFORM orchestration_write(payload, good, cardinality(good) = total);
    END IF;
    IF refused <> '[]' THEN
        RETURN QUERY SELECT (x->>'r')::uuid, x->>'v' FROM jsonb_array_elements(refused) x;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION orchestration_only(rows jsonb, key text, good uuid[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(x ORDER BY n), '[]') FROM jsonb_array_elements(rows) WITH ORDINALITY AS a(x, n)
    WHERE (x->>key)::uuid = ANY (good)
$$;

CREATE OR REPLACE FUNCTION orchestration_without(good uuid[], verdicts jsonb) RETURNS uuid[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(g), '{}') FROM unnest(good) g
    WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(verdicts) v WHERE (v->>'r')::uuid = g)
$$;

CREATE OR REPLACE FUNCTION orchestration_giving_back(limits jsonb, verdicts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(l || jsonb_build_object('units', -((l->>'units')::numeric))), '[]')
    FROM jsonb_array_elements(limits) l
    WHERE EXISTS (SELECT FROM jsonb_array_elements(verdicts) v WHERE v->>'r' = l->>'ref')
$$;

-- A part of the payload that has nothing to say is not there.
CREATE OR REPLACE FUNCTION orchestration_write(payload jsonb, good uuid[], whole boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    items jsonb := payload->'items';
    events jsonb := payload->'events';
    attempts jsonb := payload->'attempts';
    decisions jsonb := payload->'decisions';
    dead jsonb := payload->'dead';
    children jsonb := payload->'children';
    streams jsonb := payload->'streams';
    effects jsonb := payload->'effects';
BEGIN
    IF NOT whole THEN
        items := orchestration_only(items, 'id', good);
        events := nullif(orchestration_only(events, 't', good), '[]');
        attempts := nullif(orchestration_only(attempts, 't', good), '[]');
        decisions := nullif(orchestration_only(decisions, 'transaction_id', good), '[]');
        dead := nullif(orchestration_only(dead, 't', good), '[]');
        children := nullif(orchestration_only(children, 'parent_id', good), '[]');
        streams := nullif(orchestration_only(streams, 't', good), '[]');
        effects := nullif(orchestration_only(effects, 't', good), '[]');
    END IF;

    UPDATE orchestration_transaction t SET
        state = i.state, trail = i.trail, reason = i.reason, version = t.version + 1,
        lease_until = CASE WHEN i.keep_lease THEN t.lease_until END,
        due_at = clock_timestamp() + make_interval(secs => i.due_in),
        deadline_at = CASE WHEN i.deadline_keep THEN t.deadline_at
                           ELSE clock_timestamp() + make_interval(secs => i.deadline_in) END,
        tries = i.tries, debit_units = i.debit_units, receive_units = i.receive_units,
        reversed_units = i.reversed_units, fees = i.fees, provider = i.provider, reservation_id = i.reservation_id,
        undo = i.undo, cleared = i.cleared, next_action = i.next_action, eta = i.eta, seq = i.seq,
        security = i.security, leg = coalesce(i.leg, t.leg), results = coalesce(i.results, t.results),
        updated_at = clock_timestamp(),
        completed_at = CASE WHEN i.completed THEN coalesce(t.completed_at, clock_timestamp()) ELSE t.completed_at END
    FROM jsonb_to_recordset(items) AS i(
        id uuid, state text, trail text[], reason text, keep_lease boolean, due_in float8, deadline_keep boolean,
        deadline_in float8, tries smallint, debit_units numeric, receive_units numeric, reversed_units numeric,
        fees jsonb, provider text, reservation_id uuid, undo text[], cleared text[], next_action jsonb,
        eta timestamptz, seq integer, security jsonb, leg text, results jsonb, completed boolean)
    WHERE t.id = i.id;

    IF events IS NOT NULL THEN
        INSERT INTO orchestration_event (
            id, transaction_id, seq, type, from_state, to_state, actor, reason, data, created_at)
        SELECT e.id, e.t, e.seq, e.type, e.f, e.s, e.actor, e.reason, e.data, clock_timestamp()
        FROM jsonb_to_recordset(events) AS e(
            id uuid, t uuid, seq integer, type text, f text, s text, actor text, reason text, data jsonb);
    END IF;

    IF attempts IS NOT NULL THEN
        INSERT INTO orchestration_attempt (
            id, transaction_id, number, leg, provider, operation, method, state, key, provider_ref, stage, rank, units,
            asset, destination, tries, asks, error, sent_at, unknown_since, created_at, updated_at)
        SELECT a.id, a.t, a.number, a.leg, a.provider, a.operation, a.method, a.state, a.key, a.provider_ref, a.stage,
            a.rank, a.units, a.asset, a.destination, a.tries, a.asks, a.error,
            CASE WHEN a.state <> 'PREPARED' THEN clock_timestamp() END,
            CASE WHEN a.state = 'UNKNOWN' THEN clock_timestamp() END, clock_timestamp(), clock_timestamp()
        FROM jsonb_to_recordset(attempts) AS a(
            id uuid, t uuid, number smallint, leg text, provider text, operation text, method text, state text, key text,
            provider_ref text, stage text, rank bigint, units numeric, asset text, destination text, tries smallint,
            asks smallint, error text)
        ON CONFLICT (id) DO UPDATE SET
            state = excluded.state, provider_ref = excluded.provider_ref, stage = excluded.stage, rank = excluded.rank,
            tries = excluded.tries, asks = excluded.asks, error = excluded.error,
            -- The last send counts: absence is proven only when that one cannot be on its way any more.
            sent_at = CASE WHEN orchestration_attempt.state = 'PREPARED' AND excluded.state = 'SENT' THEN excluded.sent_at
                ELSE coalesce(orchestration_attempt.sent_at, excluded.sent_at) END,
            unknown_since = CASE WHEN excluded.state = 'UNKNOWN'
                THEN coalesce(orchestration_attempt.unknown_since, excluded.unknown_since) END,
            updated_at = excluded.updated_at;
    END IF;
    IF decisions IS NOT NULL THEN
        PERFORM routing_record(decisions);
    END IF;
    IF dead IS NOT NULL THEN
        INSERT INTO orchestration_deadletter (
            id, transaction_id, source, category, error, detail, payload, state, replays, created_at, resolved_by,
            resolution)
        SELECT d.id, d.t, d.source, d.category, d.error, d.detail, d.payload, 'OPEN', 0, clock_timestamp(), '', ''
        FROM jsonb_to_recordset(dead) AS d(
            id uuid, t uuid, source text, category text, error text, detail text, payload jsonb);
    END IF;
    IF children IS NOT NULL THEN
        PERFORM orchestration_open(children);
    END IF;
    IF effects IS NOT NULL THEN
        PERFORM outbox_effects(effects);
    END IF;
    IF streams IS NOT NULL THEN
        PERFORM outbox_append(streams);
    END IF;
END $$;
