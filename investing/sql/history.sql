-- What was executed and what it did to a holding is history: it is added to and never changed. Orders and holdings stay.
CREATE FUNCTION investing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is forbidden: it is history', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER investing_fill_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON investing_investingfill
    FOR EACH STATEMENT EXECUTE FUNCTION investing_refuse();

CREATE TRIGGER investing_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON investing_holdingchange
    FOR EACH STATEMENT EXECUTE FUNCTION investing_refuse();

CREATE TRIGGER investing_holding_kept BEFORE DELETE OR TRUNCATE ON investing_holding
    FOR EACH STATEMENT EXECUTE FUNCTION investing_refuse();

CREATE TRIGGER investing_detail_kept BEFORE DELETE OR TRUNCATE ON investing_investingdetail
    FOR EACH STATEMENT EXECUTE FUNCTION investing_refuse();
