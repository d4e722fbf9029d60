DROP FUNCTION ledger_apply(
  uuid[], uuid[], uuid[], int[], uuid[], text[], text[], int[], int[], int[], bigint[], numeric[], bool[],
  int[], bigint[], int[], text[], uuid[], bigint[], numeric[], float8[], text[]);
DROP FUNCTION ledger_apply_exact(
  uuid[], uuid[], uuid[], int[], uuid[], text[], text[], int[], int[], int[], bigint[], numeric[], bool[],
  int[], bigint[], int[], text[], uuid[], bigint[], numeric[], float8[], text[]);
DROP FUNCTION ledger_judge(text[], text[], int[], bigint[], numeric[], numeric[], numeric[], int[], bigint[], bigint[],
  text[], numeric[], numeric[], numeric[]);
DROP FUNCTION ledger_write_entries(timestamptz, bool[], uuid[], int[], uuid[], text[], text[], int[], int[], uuid[],
  int[], bigint[], numeric[]);
DROP FUNCTION ledger_write_operations(timestamptz, bool[], uuid[], int[], text[], uuid[], bigint[], numeric[], float8[],
  text[]);
