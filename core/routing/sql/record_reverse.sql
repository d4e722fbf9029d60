DROP TRIGGER routing_decision_append_only ON routing_decision;
DROP TRIGGER routing_weights_append_only ON routing_weights;
DROP FUNCTION routing_refuse_change();
DROP FUNCTION routing_record(jsonb);
