DROP FUNCTION ledger_close_lots(int);
DROP FUNCTION ledger_roll_up(int);
