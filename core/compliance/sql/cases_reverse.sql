DROP TRIGGER compliance_case_guard ON compliance_case;
DROP TRIGGER compliance_case_no_truncate ON compliance_case;
DROP FUNCTION compliance_case_guard();
DROP FUNCTION compliance_case_kept();
