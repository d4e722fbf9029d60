DROP FUNCTION compliance_consume(jsonb);
ALTER FUNCTION compliance_consume_exact(jsonb) RENAME TO compliance_consume;
