-- Transactions of several legs: what arrives may be another asset than what goes, and each leg leaves results.

-- Accept transactions: the rows and their first events. The caller appends their stream rows last, in the same statement.
CREATE OR REPLACE FUNCTION orchestration_open(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orchestration_transaction (
        id, customer_id, counterparty_id, domain, kind, state, trail, reason, version, fence, due_at, deadline_at,
        tries, asset, target_asset, side, units, debit_units, receive_units, reversed_units, fees, method, instrument_id, provider,
        quote_id, undo, cleared, preferences, parent_id, client_reference, correlation_id, request_id, security, seq,
        leg, terms, results, created_at, updated_at)
    SELECT r.id, r.customer_id, r.counterparty_id, r.domain, r.kind, 'INITIATED', '{}', r.reason, 1, 0,
        clock_timestamp(), clock_timestamp() + make_interval(secs => r.deadline_in), 0, r.asset, coalesce(r.target_asset, ''),
        r.side, r.units, r.debit_units, r.receive_units, 0, r.fees, r.method, r.instrument_id, r.provider, r.quote_id, '{}', '{}',
        r.preferences, r.parent_id, r.client_reference, r.correlation_id, r.request_id, r.security, 1,
        '', coalesce(r.terms, '{}'), '{}', clock_timestamp(), clock_timestamp()
    FROM jsonb_to_recordset(rows) AS r(
        id uuid, customer_id uuid, counterparty_id uuid, domain text, kind text, reason text, deadline_in float8,
        asset text, side text, units numeric, debit_units numeric, receive_units numeric, fees jsonb, method text,
        instrument_id uuid, provider text, quote_id uuid, preferences jsonb, parent_id uuid, client_reference text,
        correlation_id text, request_id text, security jsonb, target_asset text, terms jsonb);
    INSERT INTO orchestration_event (id, transaction_id, seq, type, from_state, to_state, actor, reason, data, created_at)
    SELECT e.event_id, e.id, 1, 'transaction.created', '', 'INITIATED', e.actor, '', '{}', clock_timestamp()
    FROM jsonb_to_recordset(rows) AS e(event_id uuid, id uuid, actor text);
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
