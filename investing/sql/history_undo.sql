DROP TRIGGER investing_detail_kept ON investing_investingdetail;
DROP TRIGGER investing_holding_kept ON investing_holding;
DROP TRIGGER investing_change_append_only ON investing_holdingchange;
DROP TRIGGER investing_fill_append_only ON investing_investingfill;
DROP FUNCTION investing_refuse();
