DROP FUNCTION ledger_apply;
