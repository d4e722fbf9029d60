-- Note what became of claimed e-mails. One whose lease was lost has a higher number of tries by now and is left alone.
UPDATE notifications_email e
SET state = o.state,
    sent_at = CASE WHEN o.state = 'sent' THEN clock_timestamp() END,
    due_at = clock_timestamp() + make_interval(secs => o.wait_s),
    last_error = o.error
FROM jsonb_to_recordset(%(outcomes)s::jsonb) AS o (id uuid, tries int, state text, wait_s float8, error text)
WHERE e.notification_id = o.id AND e.tries = o.tries AND e.state = 'queued'
