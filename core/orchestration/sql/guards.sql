-- The timeline is append-only, and a transaction starts at the beginning.
CREATE FUNCTION orchestration_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is forbidden: the timeline is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER orchestration_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON orchestration_event
    FOR EACH STATEMENT EXECUTE FUNCTION orchestration_refuse();

CREATE TRIGGER orchestration_transaction_kept BEFORE DELETE OR TRUNCATE ON orchestration_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION orchestration_refuse();

CREATE FUNCTION orchestration_refuse_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transaction % may not go from % to % by way of %',
        NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.state END, NEW.state, NEW.trail
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER orchestration_transaction_starts BEFORE INSERT ON orchestration_transaction
    FOR EACH ROW WHEN (NEW.state <> 'INITIATED') EXECUTE FUNCTION orchestration_refuse_state();

-- A write that changes the state names the states that it walked through, the old one first and the new one last.
-- A domain's guard checks each hop with this function and its own list of pairs.
CREATE FUNCTION orchestration_hops_declared(old_state text, new_state text, trail text[], pairs text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN old_state = new_state THEN true
        WHEN trail[1] = old_state AND trail[cardinality(trail)] = new_state THEN
            (SELECT bool_and(trail[i] || '>' || trail[i + 1] = ANY (pairs))
             FROM generate_series(1, cardinality(trail) - 1) AS i)
        ELSE old_state || '>' || new_state = ANY (pairs)
    END
$$;
