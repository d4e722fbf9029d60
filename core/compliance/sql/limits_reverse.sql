DROP FUNCTION compliance_consume(jsonb);
DROP FUNCTION compliance_give_back(jsonb, date);
DROP FUNCTION compliance_all_fit(jsonb);
DROP FUNCTION compliance_take(jsonb);
