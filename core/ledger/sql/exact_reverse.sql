DROP FUNCTION ledger_apply_exact, ledger_judge, ledger_write_entries, ledger_write_operations;
