DROP FUNCTION
    orchestration_commit, orchestration_write, orchestration_giving_back, orchestration_without, orchestration_only,
    orchestration_open;
