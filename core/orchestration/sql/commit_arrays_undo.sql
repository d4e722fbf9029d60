DROP FUNCTION orchestration_commit(
    jsonb, uuid[], int[], int[], text[],
    uuid[], uuid[], int[], uuid[], text[], text[], int[], int[], int[], bigint[], numeric[], bool[],
    int[], bigint[], int[], text[], uuid[], bigint[], numeric[], float8[], text[]);

-- Write the outcome of one step for a set of transactions: all of a transaction's changes or none of them.
--
-- Order of locks: transactions by id, limits, balances by account, stream heads. Returns a row for each transaction that
-- was refused: 'stale' (somebody else moved it), what the limits or the ledger said, with nothing written for it.
-- Plans are kept from a time when a table may have been empty: without sequential scans they reach rows by key for ever.
CREATE FUNCTION orchestration_commit(payload jsonb) RETURNS TABLE (ref uuid, verdict text) LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    total integer;
    good uuid[];
    refused jsonb := '[]';
    verdicts jsonb;
    whole boolean;
BEGIN
    total := jsonb_array_length(payload->'items');
    WITH locked AS MATERIALIZED (
        SELECT t.id, t.version, t.fence, t.state
        FROM orchestration_transaction t
        WHERE t.id = ANY (ARRAY(SELECT (i->>'id')::uuid FROM jsonb_array_elements(payload->'items') i))
        ORDER BY t.id
        FOR NO KEY UPDATE)
    SELECT coalesce(array_agg(l.id), '{}') INTO good
    FROM locked l
    JOIN jsonb_to_recordset(payload->'items') AS i(id uuid, version integer, fence integer, from_state text)
        ON i.id = l.id AND i.version = l.version AND i.fence = l.fence AND i.from_state = l.state;
    IF cardinality(good) < total THEN
        SELECT coalesce(jsonb_agg(jsonb_build_object('r', i->>'id', 'v', 'stale')), '[]') INTO refused
        FROM jsonb_array_elements(payload->'items') i WHERE NOT (i->>'id')::uuid = ANY (good);
    END IF;

    IF jsonb_array_length(payload->'limits') > 0 THEN
        EXECUTE format(
            'SELECT coalesce(jsonb_agg(jsonb_build_object(''r'', c.ref, ''v'', c.verdict)), ''[]'') FROM %I($1) c '
            'WHERE c.verdict <> ''ok''', payload->>'consumer')
            INTO verdicts USING CASE cardinality(good) WHEN total THEN payload->'limits'
                                ELSE orchestration_only(payload->'limits', 'ref', good) END;
        IF jsonb_array_length(verdicts) > 0 THEN
            refused := refused || verdicts;
            good := orchestration_without(good, verdicts);
        END IF;
    END IF;

    IF jsonb_array_length(payload->'moves') > 0 THEN
        SELECT coalesce(jsonb_agg(jsonb_build_object('r', m.ref, 'v', m.verdict)), '[]') INTO verdicts
        FROM ledger_apply(CASE cardinality(good) WHEN total THEN payload->'moves'
                          ELSE orchestration_only(payload->'moves', 'ref', good) END) m WHERE m.verdict <> 'ok';
        IF jsonb_array_length(verdicts) > 0 THEN
            refused := refused || verdicts;
            good := orchestration_without(good, verdicts);
            IF jsonb_array_length(payload->'limits') > 0 THEN
                EXECUTE format('SELECT count(*) FROM %I($1)', payload->>'consumer')
                    USING orchestration_giving_back(payload->'limits', verdicts);
            END IF;
        END IF;
    END IF;

    whole := cardinality(good) = total;
    IF cardinality(good) > 0 THEN
        PERFORM orchestration_write(payload, good, whole);
    END IF;
    RETURN QUERY SELECT (x->>'r')::uuid, x->>'v' FROM jsonb_array_elements(refused) x;
END $$;

CREATE OR REPLACE FUNCTION orchestration_write(payload jsonb, good uuid[], whole boolean) RETURNS void LANGUAGE plpgsql AS $$
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
        events := orchestration_only(events, 't', good);
        attempts := orchestration_only(attempts, 't', good);
        decisions := orchestration_only(decisions, 'transaction_id', good);
        dead := orchestration_only(dead, 't', good);
        children := orchestration_only(children, 'parent_id', good);
        streams := orchestration_only(streams, 't', good);
        effects := orchestration_only(effects, 't', good);
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

    INSERT INTO orchestration_event (id, transaction_id, seq, type, from_state, to_state, actor, reason, data, created_at)
    SELECT e.id, e.t, e.seq, e.type, e.f, e.s, e.actor, e.reason, e.data, clock_timestamp()
    FROM jsonb_to_recordset(events) AS e(
        id uuid, t uuid, seq integer, type text, f text, s text, actor text, reason text, data jsonb);

    IF jsonb_array_length(attempts) > 0 THEN
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
    IF jsonb_array_length(decisions) > 0 THEN
        PERFORM routing_record(decisions);
    END IF;
    IF jsonb_array_length(dead) > 0 THEN
        INSERT INTO orchestration_deadletter (
            id, transaction_id, source, category, error, detail, payload, state, replays, created_at, resolved_by,
            resolution)
        SELECT d.id, d.t, d.source, d.category, d.error, d.detail, d.payload, 'OPEN', 0, clock_timestamp(), '', ''
        FROM jsonb_to_recordset(dead) AS d(
            id uuid, t uuid, source text, category text, error text, detail text, payload jsonb);
    END IF;
    IF jsonb_array_length(children) > 0 THEN
        PERFORM orchestration_open(children);
    END IF;
    IF jsonb_array_length(effects) > 0 THEN
        PERFORM outbox_effects(effects);
    END IF;
    PERFORM outbox_append(streams);
END $$;
