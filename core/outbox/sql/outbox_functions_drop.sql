DROP FUNCTION IF EXISTS outbox_effects(jsonb);
DROP FUNCTION IF EXISTS outbox_append(jsonb);
DROP FUNCTION IF EXISTS outbox_uuid7();
