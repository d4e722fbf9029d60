-- A database that never went beyond migration 0003 has no compliance_consume_exact.
DROP FUNCTION IF EXISTS
    compliance_consume, compliance_consume_exact, compliance_give_back, compliance_all_fit, compliance_take;
