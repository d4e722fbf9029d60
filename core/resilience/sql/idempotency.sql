-- Begin: one call, two statements inside, because the record must be looked for with a snapshot that is younger than
-- the lock: else a holder that commits in between is neither seen as running nor as done.
-- verdict: fresh | replay | in_progress | reused. The lock is freed by the commit or rollback, also by a crash.
CREATE OR REPLACE FUNCTION idempotency_begin(p_scope text, p_key text, p_sha256 bytea)
RETURNS TABLE (verdict text, status smallint, headers jsonb, body bytea)
LANGUAGE plpgsql VOLATILE AS $fn$
DECLARE
    mine boolean := pg_try_advisory_xact_lock(hashtextextended(p_scope || chr(31) || p_key, 20260101));
    found_ resilience_idempotencyrecord;
BEGIN
    SELECT * INTO found_ FROM resilience_idempotencyrecord r WHERE r.scope = p_scope AND r.key = p_key;
    IF found_.scope IS NULL THEN
        RETURN QUERY SELECT CASE WHEN mine THEN 'fresh' ELSE 'in_progress' END, NULL::smallint, NULL::jsonb, NULL::bytea;
    ELSIF found_.body_sha256 <> p_sha256 THEN
        RETURN QUERY SELECT 'reused', NULL::smallint, NULL::jsonb, NULL::bytea;
    ELSE
        RETURN QUERY SELECT 'replay', found_.status, found_.headers, found_.body;
    END IF;
END
$fn$;

-- Finish: in the same transaction as the begin and the business rows.
CREATE OR REPLACE FUNCTION idempotency_finish(
    p_scope text, p_key text, p_sha256 bytea, p_status integer, p_headers jsonb, p_body bytea)
RETURNS void LANGUAGE sql VOLATILE AS $fn$
    INSERT INTO resilience_idempotencyrecord (scope, key, body_sha256, status, headers, body, created_at)
    VALUES (p_scope, p_key, p_sha256, p_status::smallint, p_headers, p_body, clock_timestamp());
$fn$;
