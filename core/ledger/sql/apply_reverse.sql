DROP FUNCTION ledger_apply(jsonb);
