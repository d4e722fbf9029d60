DROP TRIGGER investing_transaction_guard ON orchestration_transaction;
DROP FUNCTION investing_transitions();
