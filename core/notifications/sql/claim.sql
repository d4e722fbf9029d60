-- Take e-mails that are due: until the lease is over nobody else sends them. The address and the wish are read now.
WITH due AS MATERIALIZED (
    SELECT e.notification_id FROM notifications_email e
    WHERE e.state = 'queued' AND e.due_at <= (SELECT clock_timestamp())
    ORDER BY e.due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE notifications_email e
SET tries = e.tries + 1, due_at = clock_timestamp() + make_interval(secs => %(lease_s)s)
FROM due
JOIN notifications_notification n ON n.id = due.notification_id
JOIN identity_customer c ON c.id = n.customer_id
JOIN identity_user u ON u.id = c.user_id
WHERE e.notification_id = due.notification_id
RETURNING e.notification_id, e.tries, n.title, n.body, n.transaction_id, c.display_name, u.email,
          u.is_active AND coalesce(c.preferences -> 'email_notifications', 'true'::jsonb) <> 'false'::jsonb
