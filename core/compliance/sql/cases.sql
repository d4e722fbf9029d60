-- A decision is evidence: an open case can only be decided, a decided one never changes, none disappears.
CREATE FUNCTION compliance_case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'open' AND NEW.status IN ('approved', 'refused', 'closed')
       AND (NEW.id, NEW.transaction_id, NEW.customer_id, NEW.kind, NEW.stage, NEW.rule, NEW.evidence, NEW.opened_at)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.transaction_id, OLD.customer_id, OLD.kind, OLD.stage, OLD.rule, OLD.evidence, OLD.opened_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'case % can only be decided, once', OLD.id USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER compliance_case_guard BEFORE UPDATE OR DELETE ON compliance_case
    FOR EACH ROW EXECUTE FUNCTION compliance_case_guard();

CREATE FUNCTION compliance_case_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'cases cannot be truncated' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER compliance_case_no_truncate BEFORE TRUNCATE ON compliance_case EXECUTE FUNCTION compliance_case_kept();
