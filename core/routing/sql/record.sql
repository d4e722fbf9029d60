-- Decisions are written in sets, from inside the one call that commits a set of transactions.
CREATE FUNCTION routing_record(rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO routing_decision (id, transaction_id, chosen, weights_version, speed_preference, candidates, created_at)
    SELECT r.id, r.transaction_id, r.chosen, r.weights_version, r.speed_preference, r.candidates, clock_timestamp()
    FROM jsonb_to_recordset(rows) AS r(
        id uuid, transaction_id uuid, chosen text, weights_version integer, speed_preference numeric, candidates jsonb)
$$;

CREATE FUNCTION routing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER routing_decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_decision
    EXECUTE FUNCTION routing_refuse_change();
CREATE TRIGGER routing_weights_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON routing_weights
    EXECUTE FUNCTION routing_refuse_change();
