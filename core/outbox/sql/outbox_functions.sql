-- Ids that rise with time. PostgreSQL 18 makes them itself; older servers get the same layout by hand.
DO $body$
BEGIN
    IF to_regprocedure('uuidv7()') IS NOT NULL THEN
        CREATE OR REPLACE FUNCTION outbox_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT uuidv7()';
    ELSE
        CREATE OR REPLACE FUNCTION outbox_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $fn$
            SELECT encode(
                set_bit(set_bit(
                    overlay(uuid_send(gen_random_uuid())
                            PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                            FROM 1 FOR 6),
                    52, 1), 53, 1), 'hex')::uuid
        $fn$;
    END IF;
END
$body$;

-- Append rows to numbered streams: [{"customer", "channel", "type", "ref", "data"}, ...], numbered in this order.
--
-- One statement: the heads are made or raised in key order, so two sets that share streams wait for one another and
-- never deadlock, and the numbers have no gaps, because each is given under a lock that only the commit frees.
-- The upsert reaches a head through its key alone, so no plan can ever scan the table of heads.
CREATE OR REPLACE FUNCTION outbox_append(rows jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $fn$
BEGIN
    WITH given AS MATERIALIZED (
        SELECT r.*,
               row_number() OVER (PARTITION BY r.customer, r.channel ORDER BY r.place) AS step,
               count(*) OVER (PARTITION BY r.customer, r.channel) AS steps
        FROM ROWS FROM (jsonb_to_recordset(rows) AS (customer uuid, channel text, type text, ref uuid, data jsonb))
             WITH ORDINALITY AS r (customer, channel, type, ref, data, place)
    ), raised AS (
        INSERT INTO outbox_streamhead AS h (customer_id, channel, epoch, seq)
        SELECT g.customer, g.channel, gen_random_uuid(), g.steps
        FROM given g WHERE g.step = 1
        ORDER BY g.customer, g.channel
        ON CONFLICT (customer_id, channel) DO UPDATE SET seq = h.seq + excluded.seq
        RETURNING h.customer_id, h.channel, h.seq
    )
    INSERT INTO outbox_streamrow (id, customer_id, channel, seq, type, ref, data, created_at)
    SELECT outbox_uuid7(), g.customer, g.channel, h.seq - g.steps + g.step, g.type, g.ref,
           coalesce(g.data, '{}'::jsonb), clock_timestamp()
    FROM given g JOIN raised h ON h.customer_id = g.customer AND h.channel = g.channel
    ORDER BY g.place;
END
$fn$;

-- Add effects: [{"topic", "payload", "due_at" or nothing for at once}, ...].
CREATE OR REPLACE FUNCTION outbox_effects(rows jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $fn$
    INSERT INTO outbox_effect (id, topic, payload, state, due_at, tries, last_error)
    SELECT outbox_uuid7(), r.topic, coalesce(r.payload, '{}'::jsonb), 'pending',
           coalesce(r.due_at, clock_timestamp()), 0, ''
    FROM jsonb_to_recordset(rows) AS r (topic text, payload jsonb, due_at timestamptz);
$fn$;
