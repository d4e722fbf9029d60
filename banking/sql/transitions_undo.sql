DROP TRIGGER banking_transaction_guard ON orchestration_transaction;
DROP FUNCTION banking_transitions();
