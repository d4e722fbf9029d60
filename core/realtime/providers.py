"""The public channel ``providers``: one follower looks at all providers and numbers what has changed.

Providers change in many processes at once; if each wrote to the one public stream, its head would be the hottest row of
the platform. So nobody writes but this follower, alone under an advisory lock, and only what is news: a breaker that
moved, a provider switched on or off, a success rate that moved by a whole percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connection, transaction

from core.kernel import clock
from core.outbox import streams
from core.providers import queries
from core.realtime.feed import PUBLIC
from core.realtime.models import ProviderFact

CHANNEL = "providers"
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('realtime.providers'))"
Json = dict[str, object]


def facts() -> dict[str, Json]:
    """Return what is publicly said of each provider now, by code."""
    return {view.code: _fact(view) for view in queries.overview(now=clock.SYSTEM.now())}


def snapshot(customer_id: UUID, params: Mapping[str, object]) -> list[Json]:
    """Return what the stream has said of each provider so far: the same for everybody."""
    del customer_id, params
    rows = ProviderFact.objects.order_by("subject").values_list("fact", flat=True)
    return [dict(fact) for fact in rows]


def follow() -> int:
    """Append a row for every provider of which something changed; return how many. A second follower does nothing."""
    now = facts()  # reads Redis, so before the transaction
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
            if not cursor.fetchone()[0]:
                return 0
        known = dict(ProviderFact.objects.values_list("subject", "fact"))
        news = {code: fact for code, fact in now.items() if known.get(code) != fact}
        ProviderFact.objects.bulk_create(
            [ProviderFact(subject=code, fact=fact) for code, fact in news.items()],
            update_conflicts=True,
            unique_fields=["subject"],
            update_fields=["fact"],
        )
        streams.append(
            rows=[
                streams.StreamEntry(customer_id=PUBLIC, channel=CHANNEL, type="provider.changed", data=fact)
                for fact in news.values()
            ]
        )
    return len(news)


def _fact(view: queries.ProviderView) -> Json:
    return {
        "provider": view.code,
        "name": view.name,
        "mode": view.mode.value,
        "operations": [
            {
                "operation": operation.operation,
                "breaker": operation.breaker,
                "success_rate": f"{operation.health.success_rate:.2f}",
            }
            for operation in view.operations
        ],
    }
