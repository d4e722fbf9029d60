DROP FUNCTION orchestration_commit(jsonb);
DROP FUNCTION orchestration_write(jsonb, uuid[], boolean);
DROP FUNCTION orchestration_giving_back(jsonb, jsonb);
DROP FUNCTION orchestration_without(uuid[], jsonb);
DROP FUNCTION orchestration_only(jsonb, text, uuid[]);
DROP FUNCTION orchestration_open(jsonb);
