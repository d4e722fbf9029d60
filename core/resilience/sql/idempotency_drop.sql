DROP FUNCTION IF EXISTS idempotency_finish(text, text, bytea, integer, jsonb, bytea);
DROP FUNCTION IF EXISTS idempotency_begin(text, text, bytea);
