"""Money that reached addresses of ours unasked, for upper layers. News of it comes by ``watch.on_arrival``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models.functions import Now

from core.chains.following import arrivals
from core.chains.following.listeners import ArrivalView
from core.chains.models import Arrival, ArrivalState

__all__ = ["ArrivalView", "final", "with_ids"]

with_ids = arrivals.views


def final(*, limit: int, within: timedelta = timedelta(days=7)) -> Sequence[ArrivalView]:
    """Return the newest arrivals of customers that became final lately, newest first.

    The caller knows which it has dealt with already: their ids never change.
    """
    found = (
        Arrival.objects.filter(state=ArrivalState.FINAL, final_at__gt=Now() - within, wallet__customer_id__isnull=False)
        .order_by("-final_at", "-pk")
        .values_list("pk", flat=True)[:limit]
    )
    newest = {pk: place for place, pk in enumerate(found)}
    return sorted(arrivals.views(ids=list(newest)), key=lambda each: newest[each.id])
