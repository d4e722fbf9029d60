DROP TRIGGER defi_transaction_guard ON orchestration_transaction;
DROP FUNCTION defi_transitions();
