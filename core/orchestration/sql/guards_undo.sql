DROP TRIGGER orchestration_transaction_starts ON orchestration_transaction;
DROP TRIGGER orchestration_transaction_kept ON orchestration_transaction;
DROP TRIGGER orchestration_event_append_only ON orchestration_event;
DROP FUNCTION orchestration_hops_declared(text, text, text[], text[]);
DROP FUNCTION orchestration_refuse_state();
DROP FUNCTION orchestration_refuse();
