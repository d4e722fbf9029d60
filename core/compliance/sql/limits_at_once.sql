-- Take limits for a set that fits as a whole in two statements; anything else is for the exact way, which stays as it was.
ALTER FUNCTION compliance_consume(jsonb) RENAME TO compliance_consume_exact;

-- Take what each transaction needs of its customer's limits, or give it back (negative units), for a set, atomically.
--
-- rows: [{"ref", "customer", "kind", "asset", "units"}] in order; ref is the transaction. Verdicts: ok, limit_exceeded.
-- Taking twice for one ref takes once; giving back what is not taken gives nothing. Rows are greedy in order: one that
-- does not fit takes nothing and the later ones are still tried. Locks: the use rows, in key order. Days are UTC.
--
-- First the use rows are locked and asked whether all of it fits together; then the order does not matter. A row that is
-- missing or of another day, a giving back, or too much of anything leads to the exact way, under the locks it took.
CREATE FUNCTION compliance_consume(rows jsonb) RETURNS TABLE (ref uuid, verdict text) LANGUAGE plpgsql AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    fits boolean;
BEGIN
    SELECT sum(l.many) = jsonb_array_length(rows) AND bool_and(l.fits) INTO fits FROM (
        SELECT w.many, w.least > 0 AND u.day = today AND w.most <= l.single_units
               AND u.day_units + w.units <= l.daily_units AND u.month_units + w.units <= l.monthly_units AS fits
        FROM (SELECT r.customer, r.kind, r.asset, sum(r.units) AS units, max(r.units) AS most, min(r.units) AS least,
                     count(*) AS many
              FROM jsonb_to_recordset(rows) AS r(customer uuid, kind text, asset text, units numeric)
              GROUP BY r.customer, r.kind, r.asset) w
        JOIN compliance_limituse u ON u.customer_id = w.customer AND u.kind = w.kind AND u.asset = w.asset
        JOIN identity_customer k ON k.id = w.customer
        JOIN compliance_levellimit l ON l.level = k.kyc_level AND l.kind = w.kind AND l.asset = w.asset
        ORDER BY u.customer_id, u.kind, u.asset
        FOR NO KEY UPDATE OF u) l;
    IF fits THEN
        PERFORM compliance_take(rows);
        RETURN QUERY SELECT r.ref, 'ok' FROM jsonb_to_recordset(rows) AS r(ref uuid);
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM compliance_consume_exact(rows);
END $$;

-- In PL/pgSQL, whose statements stay planned for the session; one written in SQL is planned at every call.
CREATE OR REPLACE FUNCTION compliance_take(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH taken AS (
        INSERT INTO compliance_limitclaim AS c (ref, customer_id, kind, asset, units, taken_at)
        SELECT r.ref, r.customer, r.kind, r.asset, r.units, clock_timestamp()
        FROM jsonb_to_recordset(rows) AS r(ref uuid, customer uuid, kind text, asset text, units numeric)
        WHERE r.units > 0
        ON CONFLICT (ref) DO UPDATE
            SET units = excluded.units, taken_at = excluded.taken_at, released_at = NULL
            WHERE c.released_at IS NOT NULL
        RETURNING c.customer_id, c.kind, c.asset, c.units),
    sums AS (SELECT t.customer_id, t.kind, t.asset, sum(t.units) AS units FROM taken t GROUP BY 1, 2, 3)
    UPDATE compliance_limituse u SET
        day_units = u.day_units + s.units, month_units = u.month_units + s.units
    FROM sums s WHERE u.customer_id = s.customer_id AND u.kind = s.kind AND u.asset = s.asset;
END $$;
