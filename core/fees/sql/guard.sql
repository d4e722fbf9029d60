-- A published schedule is a promise: its rules never change, and of the row itself only the end may be set, once,
-- not in the past, so that a price that was once right stays explainable.
CREATE FUNCTION fees_schedule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE'
       AND OLD.effective_to IS NULL AND NEW.effective_to > clock_timestamp()
       AND (NEW.id, NEW.version, NEW.name, NEW.effective_from, NEW.published_at, NEW.created_at)
           IS NOT DISTINCT FROM (OLD.id, OLD.version, OLD.name, OLD.effective_from, OLD.published_at, OLD.created_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'fee schedule % is published and cannot be changed', OLD.version USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER fees_schedule_guard BEFORE UPDATE OR DELETE ON fees_schedule
    FOR EACH ROW EXECUTE FUNCTION fees_schedule_guard();

CREATE FUNCTION fees_rule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.schedule_id]
        WHEN 'DELETE' THEN ARRAY[OLD.schedule_id]
        ELSE ARRAY[OLD.schedule_id, NEW.schedule_id] END;
BEGIN
    -- The share lock keeps a publisher from slipping in between this look and our commit.
    IF EXISTS (SELECT FROM (SELECT published_at FROM fees_schedule WHERE id = ANY (touched) FOR SHARE) AS s
               WHERE s.published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the rules of a published fee schedule cannot be changed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER fees_rule_guard BEFORE INSERT OR UPDATE OR DELETE ON fees_rule
    FOR EACH ROW EXECUTE FUNCTION fees_rule_guard();

CREATE FUNCTION fees_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fee schedules cannot be truncated' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER fees_schedule_no_truncate BEFORE TRUNCATE ON fees_schedule EXECUTE FUNCTION fees_refuse_truncate();
CREATE TRIGGER fees_rule_no_truncate BEFORE TRUNCATE ON fees_rule EXECUTE FUNCTION fees_refuse_truncate();
