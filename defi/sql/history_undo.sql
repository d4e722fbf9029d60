DROP TRIGGER defi_position_stays ON defi_position;
DROP TRIGGER defi_position_change_append_only ON defi_positionchange;
DROP FUNCTION defi_refuse_change();
