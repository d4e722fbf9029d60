-- Read many streams at once, each after its own number: heads and rows are of one moment, because it is one statement.
-- A stream that has nothing new yields one line with its head only; one that never had a row yields a line of NULLs.
-- The LIMITs keep the planner from turning the look-ups into a join that scans all heads or all rows.
SELECT w.place, h.epoch, h.seq, r.seq, r.id, r.type, r.ref, r.data::text, r.created_at
FROM unnest(%(customers)s::uuid[], %(channels)s::text[], %(after)s::bigint[])
     WITH ORDINALITY AS w (customer, channel, after, place)
LEFT JOIN LATERAL (
    SELECT k.epoch, k.seq FROM outbox_streamhead k
    WHERE k.customer_id = w.customer AND k.channel = w.channel
    LIMIT 1
) h ON true
LEFT JOIN LATERAL (
    SELECT s.seq, s.id, s.type, s.ref, s.data, s.created_at
    FROM outbox_streamrow s
    WHERE s.customer_id = w.customer AND s.channel = w.channel AND s.seq > w.after
    ORDER BY s.seq
    LIMIT %(page)s
) r ON h.seq > w.after
ORDER BY w.place, r.seq
