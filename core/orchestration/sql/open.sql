-- Opening a transaction says when, so that whoever opened it can show it without reading it.
DROP FUNCTION orchestration_open(jsonb);

-- Accept transactions: the rows and their first events, at one moment, which is returned. The caller appends their stream
-- rows last, in the same statement.
CREATE FUNCTION orchestration_open(rows jsonb) RETURNS timestamptz LANGUAGE plpgsql AS $$
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
