-- Write notifications that were not written before, and queue the e-mail of each whose customer wants it.
-- Yields what was really written; an event that comes a second time, or whose customer is unknown, yields nothing.
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r (
        id uuid, customer uuid, event uuid, transaction uuid, type text, title text, body text, data jsonb)
), written AS (
    INSERT INTO notifications_notification
        (id, customer_id, event_id, transaction_id, type, title, body, data, created_at)
    SELECT g.id, g.customer, g.event, g.transaction, g.type, g.title, g.body, g.data, clock_timestamp()
    FROM given g JOIN identity_customer c ON c.id = g.customer
    ORDER BY g.id
    ON CONFLICT (event_id, customer_id) DO NOTHING
    RETURNING id, customer_id, created_at
), mail AS (
    INSERT INTO notifications_email (notification_id, state, tries, due_at, last_error)
    SELECT w.id, 'queued', 0, clock_timestamp(), ''
    FROM written w JOIN identity_customer c ON c.id = w.customer_id
    WHERE coalesce(c.preferences -> 'email_notifications', 'true'::jsonb) <> 'false'::jsonb
)
SELECT id, created_at FROM written
