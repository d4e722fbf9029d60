-- What happened to a position stays as it was written: for the owner of the tables, too.
CREATE FUNCTION defi_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
    RAISE EXCEPTION '% on % is refused: the history of positions is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$fn$;

CREATE TRIGGER defi_position_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON defi_positionchange
    FOR EACH STATEMENT EXECUTE FUNCTION defi_refuse_change();
CREATE TRIGGER defi_position_stays BEFORE DELETE OR TRUNCATE ON defi_position
    FOR EACH STATEMENT EXECUTE FUNCTION defi_refuse_change();
