"""Switching strategies and pools off and on. What runs already is not touched: it concerns new wishes only."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from core.audit import audit
from core.kernel import errors
from defi.models import Strategy, Venue


class NothingToChange(errors.Conflict):
    """It stands as it was to be made. HTTP 409."""

    default_code = "nothing_to_change"


def close(*, row: Strategy | Venue, reason: str, actor: str, request_id: str = "") -> None:
    """Take a strategy or a pool off the allow-list; customers read the reason. Raises: NothingToChange."""
    _switch(row, is_enabled=False, shown=reason, why=(actor, reason, request_id))


def reopen(*, row: Strategy | Venue, reason: str, actor: str, request_id: str = "") -> None:
    """Put it on the allow-list again. Raises: NothingToChange."""
    _switch(row, is_enabled=True, shown="", why=(actor, reason, request_id))


@transaction.atomic
def _switch(row: Strategy | Venue, *, is_enabled: bool, shown: str, why: tuple[str, str, str]) -> None:
    actor, reason, request_id = why
    model = type(row)
    changed = model._default_manager.filter(pk=row.pk, is_enabled=not is_enabled).update(
        is_enabled=is_enabled, reason=shown[:200], version=F("version") + 1
    )
    if not changed:
        raise NothingToChange(detail=f"{row} is {'open' if is_enabled else 'closed'} already.")
    noun = "strategy" if isinstance(row, Strategy) else "venue"
    audit.record(
        actor=actor,
        action=f"{noun}.{'reopened' if is_enabled else 'closed'}",
        target=f"{noun}:{row.code}",
        reason=reason,
        before={"is_enabled": not is_enabled},
        after={"is_enabled": is_enabled},
        request_id=request_id,
    )
