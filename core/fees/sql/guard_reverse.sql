DROP TRIGGER fees_schedule_guard ON fees_schedule;
DROP TRIGGER fees_schedule_no_truncate ON fees_schedule;
DROP TRIGGER fees_rule_guard ON fees_rule;
DROP TRIGGER fees_rule_no_truncate ON fees_rule;
DROP FUNCTION fees_schedule_guard();
DROP FUNCTION fees_rule_guard();
DROP FUNCTION fees_refuse_truncate();
