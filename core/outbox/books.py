"""What must be true of streams and effects at every quiet moment."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from core.audit.books import Break

# Numbers run without a gap from the oldest row that is kept to the head; a cleaned-up stream has no rows at all.
_STREAMS = """
    SELECT coalesce(h.customer_id, r.customer_id), coalesce(h.channel, r.channel), h.seq, r.first, r.last, r.rows
    FROM outbox_streamhead h
    FULL JOIN (SELECT customer_id, channel, min(seq) AS first, max(seq) AS last, count(*) AS rows
               FROM outbox_streamrow GROUP BY customer_id, channel) r
           ON r.customer_id = h.customer_id AND r.channel = h.channel
    WHERE h.seq IS NULL OR (r.rows IS NOT NULL AND (r.last <> h.seq OR r.rows <> r.last - r.first + 1))
"""
_EFFECTS = """
    SELECT id, topic, state, tries, last_error FROM outbox_effect
    WHERE state = 'dead' OR due_at < clock_timestamp() - interval '10 minutes'
    ORDER BY id LIMIT 1000
"""


def breaks() -> Iterator[Break]:
    """Yield streams with gaps, and effects that are dead or that nobody carries out."""
    with connection.cursor() as cursor:
        cursor.execute(_STREAMS)
        for customer_id, channel, head, first, last, rows in cursor.fetchall():
            detail = f"the head says {head}, the rows go from {first} to {last} and are {rows}"
            yield Break(check="streams", subject=f"{customer_id.hex}/{channel}", detail=detail)
        cursor.execute(_EFFECTS)
        for effect_id, topic, state, tries, error in cursor.fetchall():
            what = f"dead after {tries} tries: {error}" if state == "dead" else "overdue by more than ten minutes"
            yield Break(check="effects", subject=f"{topic} {effect_id.hex}", detail=what)
