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
-- In PL/pgSQL, whose expressions stay prepared for the session: it is asked for every row that moves.
CREATE FUNCTION orchestration_hops_declared(old_state text, new_state text, trail text[], pairs text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF old_state = new_state THEN
        RETURN true;
    END IF;
    IF cardinality(trail) < 2 OR trail[1] <> old_state OR trail[cardinality(trail)] <> new_state THEN
        RETURN old_state || '>' || new_state = ANY (pairs);
    END IF;
    FOR i IN 1 .. cardinality(trail) - 1 LOOP
        IF NOT trail[i] || '>' || trail[i + 1] = ANY (pairs) THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END $$;
