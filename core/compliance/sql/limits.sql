-- Take what each transaction needs of its customer's limits, or give it back (negative units), for a set, atomically.
--
-- rows: [{"ref", "customer", "kind", "asset", "units"}] in order; ref is the transaction. Verdicts: ok, limit_exceeded.
-- Taking twice for one ref takes once; giving back what is not taken gives nothing. Rows are greedy in order: one that
-- does not fit takes nothing and the later ones are still tried. Locks: the use rows, in key order. Days are UTC.
--
-- First the use rows are locked and asked whether all of it fits together; then the order does not matter. A row that is
-- missing or of another day, a giving back, or too much of anything leads to the exact way, under the locks it took.
CREATE OR REPLACE FUNCTION compliance_consume(rows jsonb) RETURNS TABLE (ref uuid, verdict text) LANGUAGE plpgsql AS $$
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

-- The exact way: makes and turns over rows, gives back, and asks row by row when not everything fits.
CREATE OR REPLACE FUNCTION compliance_consume_exact(rows jsonb) RETURNS TABLE (ref uuid, verdict text) LANGUAGE plpgsql AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    is_new boolean;
    is_stale boolean;
    gives_back boolean;
    item record;
BEGIN
    SELECT coalesce(bool_or(u.id IS NULL), false), coalesce(bool_or(r.least < 0), false) INTO is_new, gives_back
    FROM (SELECT k.customer, k.kind, k.asset, min(k.units) AS least
          FROM jsonb_to_recordset(rows) AS k(customer uuid, kind text, asset text, units numeric)
          GROUP BY k.customer, k.kind, k.asset) r
    LEFT JOIN compliance_limituse u ON (u.customer_id, u.kind, u.asset) = (r.customer, r.kind, r.asset);
    -- Rows are made before any is locked, so that locks are only ever taken in key order.
    IF is_new THEN
        INSERT INTO compliance_limituse (customer_id, kind, asset, day, day_units, month, month_units)
        SELECT DISTINCT r.customer, r.kind, r.asset, today, 0, date_trunc('month', today)::date, 0
        FROM jsonb_to_recordset(rows) AS r(customer uuid, kind text, asset text)
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;
    END IF;

    SELECT coalesce(bool_or(l.day <> today), false) INTO is_stale FROM (
        SELECT u.day FROM compliance_limituse u
        WHERE (u.customer_id, u.kind, u.asset) IN (
            SELECT r.customer, r.kind, r.asset FROM jsonb_to_recordset(rows) AS r(customer uuid, kind text, asset text))
        ORDER BY u.customer_id, u.kind, u.asset
        FOR NO KEY UPDATE) l;
    -- A new day or month starts at zero. From here on the counters of the locked rows are today's.
    IF is_stale THEN
        UPDATE compliance_limituse u SET
            day = today, day_units = 0,
            month = date_trunc('month', today)::date,
            month_units = CASE WHEN u.month = date_trunc('month', today)::date THEN u.month_units ELSE 0 END
        WHERE u.day <> today AND (u.customer_id, u.kind, u.asset) IN (
            SELECT r.customer, r.kind, r.asset FROM jsonb_to_recordset(rows) AS r(customer uuid, kind text, asset text));
    END IF;
    IF gives_back THEN
        RETURN QUERY SELECT * FROM compliance_give_back(rows, today);
    END IF;

    IF compliance_all_fit(rows) THEN
        PERFORM compliance_take(rows);
        RETURN QUERY SELECT r.ref, 'ok' FROM jsonb_to_recordset(rows) AS r(ref uuid, units numeric) WHERE r.units > 0;
        RETURN;
    END IF;
    FOR item IN SELECT x FROM jsonb_array_elements(rows) WITH ORDINALITY AS a(x, n)
                WHERE (x->>'units')::numeric > 0 ORDER BY n LOOP
        ref := (item.x->>'ref')::uuid;
        verdict := 'limit_exceeded';
        IF compliance_all_fit(jsonb_build_array(item.x)) THEN
            PERFORM compliance_take(jsonb_build_array(item.x));
            verdict := 'ok';
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION compliance_give_back(rows jsonb, today date) RETURNS TABLE (ref uuid, verdict text)
LANGUAGE plpgsql AS $$
BEGIN
    WITH freed AS (
        UPDATE compliance_limitclaim c SET released_at = clock_timestamp()
        FROM jsonb_to_recordset(rows) AS r(ref uuid, units numeric)
        WHERE c.ref = r.ref AND r.units < 0 AND c.released_at IS NULL
        RETURNING c.customer_id, c.kind, c.asset, c.units, (c.taken_at AT TIME ZONE 'UTC')::date AS taken_on),
    sums AS (
        SELECT f.customer_id, f.kind, f.asset,
            coalesce(sum(f.units) FILTER (WHERE f.taken_on = today), 0) AS day_units,
            coalesce(sum(f.units) FILTER (WHERE date_trunc('month', f.taken_on) = date_trunc('month', today)), 0) AS month_units
        FROM freed f GROUP BY 1, 2, 3)
    UPDATE compliance_limituse u SET
        day_units = u.day_units - s.day_units, month_units = u.month_units - s.month_units
    FROM sums s WHERE (u.customer_id, u.kind, u.asset) = (s.customer_id, s.kind, s.asset);
    RETURN QUERY SELECT r.ref, 'ok' FROM jsonb_to_recordset(rows) AS r(ref uuid, units numeric) WHERE r.units < 0;
END $$;

-- Whether all that is still to be taken fits together, row by row: then the order does not matter.
CREATE OR REPLACE FUNCTION compliance_all_fit(rows jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(coalesce(
        x.units <= l.single_units
        AND u.day_units + x.so_far <= l.daily_units
        AND u.month_units + x.so_far <= l.monthly_units, false)), true)
    FROM (
        SELECT r.customer, r.kind, r.asset, r.units,
            sum(r.units) OVER (PARTITION BY r.customer, r.kind, r.asset) AS so_far
        FROM jsonb_to_recordset(rows) AS r(ref uuid, customer uuid, kind text, asset text, units numeric)
        WHERE r.units > 0
          AND NOT EXISTS (SELECT FROM compliance_limitclaim c WHERE c.ref = r.ref AND c.released_at IS NULL)
    ) x
    LEFT JOIN identity_customer k ON k.id = x.customer
    LEFT JOIN compliance_levellimit l ON l.level = k.kyc_level AND l.kind = x.kind AND l.asset = x.asset
    LEFT JOIN compliance_limituse u ON (u.customer_id, u.kind, u.asset) = (x.customer, x.kind, x.asset)
$$;

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
