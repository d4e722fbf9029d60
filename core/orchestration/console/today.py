"""The engine's part of the control tower: what came, what was done, how fast, and what is stuck."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse

from core.console import cells, memo
from core.console.cells import Tone
from core.console.listing import floor
from core.console.sections import Bars, bars_of
from core.console.tower import Figure, Item, Queue
from core.kernel import assets, clock
from core.kernel.money import Money
from core.market import market
from core.orchestration.models import DeadLetter, DeadLetterState, Transaction
from core.orchestration.states import DONE_SQL, SETTLED, State

KEEP_S = 2.0
MOST = 1000
_LATE = timedelta(minutes=1)
_GATES = [State.KYC_VERIFICATION, State.COMPLIANCE_CHECK]

# Not settled, not waiting for a person at a gate, and either parked or late by more than a minute.
STUCK = (
    ~Q(state__in=SETTLED)
    & ~Q(state__in=_GATES)
    & (
        Q(deadline_at__lt=Now() - _LATE)
        | Q(due_at__lt=Now() - _LATE)
        | Exists(DeadLetter.objects.filter(transaction_id=OuterRef("pk"), state=DeadLetterState.OPEN))
    )
)
_SHOWN_IN = assets.get("USD")
# An id begins with its moment, so the primary key finds today's rows.
_TODAY = f"""
    SELECT count(*), count(*) FILTER (WHERE state IN ({DONE_SQL})),
           count(*) FILTER (WHERE state IN ('FAILED', 'EXPIRED', 'COMPENSATED')),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at))
               FILTER (WHERE state IN ({DONE_SQL}))
    FROM orchestration_transaction WHERE id >= %s
"""  # noqa: S608 - the states are constants of ours
# What arrived, or was given for another asset: each asset is counted in its own units.
_VOLUME = f"""
    SELECT asset, sum(CASE WHEN target_asset IN ('', asset) THEN coalesce(receive_units, units)
                      ELSE coalesce(debit_units, units) END)
    FROM orchestration_transaction
    WHERE id >= %s AND state IN ({DONE_SQL}) AND kind <> 'reversal' GROUP BY asset ORDER BY 2 DESC
"""  # noqa: S608 - the states are constants of ours
_HOURS = """
    SELECT date_trunc('hour', created_at), count(*),
           count(*) FILTER (WHERE state IN ('FAILED', 'EXPIRED', 'COMPENSATED'))
    FROM orchestration_transaction WHERE id >= %s GROUP BY 1
"""


def items() -> Iterable[Item]:
    """Return the engine's figures, queue and chart; at most two seconds old."""
    return memo.kept("orchestration.tower", ttl_s=KEEP_S, fn=lambda: list(_items(clock.SYSTEM.now())))


def _items(now: datetime) -> Iterable[Item]:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    total, done, failed, p95_s = _rows(_TODAY, midnight)[0]
    yield _volume(midnight, int(total))
    yield _success(int(done), int(failed))
    yield _speed(p95_s)
    yield _stuck()
    yield _review()
    yield _letters()
    yield _hours(now)


def _volume(midnight: datetime, total: int) -> Figure:
    sums = [Money(int(units), assets.get(asset)) for asset, units in _rows(_VOLUME, midnight)]
    worth, unvalued = _worth(sums)
    hints = [f"{total:,} transactions in {len(sums)} assets" if len(sums) > 1 else f"{total:,} transactions"]
    if unvalued:
        hints.append(f"no price for {', '.join(unvalued)}")
    return Figure(
        label="Volume completed",
        value=cells.plain(worth) if sums else "none yet",
        icon="payments",
        hint=" and ".join(hints),
        href=reverse("console:orchestration_transaction_changelist"),
    )


def _worth(sums: Iterable[Money]) -> tuple[Money, list[str]]:
    """Return what amounts of several assets are worth together by the last prices, and the assets without a price."""
    worth, unvalued = Money.zero(_SHOWN_IN), []
    for each in sums:
        try:
            worth += each if each.asset == _SHOWN_IN else market.value(money=each, to=_SHOWN_IN).money
        except market.NoPrice:
            unvalued.append(each.asset.code)
    return worth, unvalued


def _success(done: int, failed: int) -> Figure:
    ended = done + failed
    rate = done / ended if ended else 1.0
    tone = Tone.SUCCESS if rate >= 0.95 else Tone.WARNING if rate >= 0.8 else Tone.DANGER
    return Figure(
        label="Success rate",
        value=f"{rate:.1%}" if ended else "none yet",
        tone=tone if ended else Tone.NEUTRAL,
        icon="check_circle" if rate >= 0.95 else "trending_down",
        hint=f"{done:,} done, {failed:,} not",
        href=reverse("console:orchestration_transaction_changelist") + "?view=failed",
    )


def _speed(p95_s: Any) -> Figure:
    return Figure(
        label="p95 created to completed",
        value="none yet" if p95_s is None else _duration(float(p95_s)),
        icon="speed",
        hint="of today's completed ones",
    )


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _stuck() -> Figure:
    count = Transaction.objects.filter(STUCK)[:MOST].count()
    return Figure(
        label="Stuck",
        value=_at_most(count),
        tone=Tone.DANGER if count else Tone.SUCCESS,
        icon="warning" if count else "check_circle",
        hint="past their time" if count else "nothing is late",
        href=reverse("console:orchestration_transaction_changelist") + "?view=stuck",
    )


def _review() -> Figure:
    count = Transaction.objects.filter(state__in=_GATES)[:MOST].count()
    return Figure(
        label="In review",
        value=_at_most(count),
        tone=Tone.WARNING if count else Tone.SUCCESS,
        icon="policy" if count else "check_circle",
        hint="wait for a decision" if count else "nobody waits",
        href=reverse("console:orchestration_transaction_changelist") + "?view=review",
    )


def _letters() -> Queue:
    parked = DeadLetter.objects.filter(state=DeadLetterState.OPEN)
    count = parked[:MOST].count()
    oldest = parked.order_by(F("id")).values_list("created_at", flat=True).first()
    return Queue(
        label="Dead letters",
        count=_at_most(count),
        hint="nothing was given up" if oldest is None else f"oldest since {oldest:%d %b %H:%M} UTC",
        href=reverse("console:orchestration_deadletter_changelist") + "?state=OPEN",
        icon="markunread_mailbox",
        is_empty=not count,
    )


def _hours(now: datetime) -> Bars:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=23)
    found = {at: (int(total), int(failed)) for at, total, failed in _rows(_HOURS, since)}
    times = [since + timedelta(hours=step) for step in range(24)]
    counts = [(f"{at:%H:%M}", *found.get(at, (0, 0))) for at in times]
    return Bars(
        title="Transactions by the hour",
        bars=bars_of(counts) if found else [],
        first=f"{since:%d %b %H:%M}",
        last=f"{hour:%d %b %H:%M} UTC",
        empty="No transaction in the last 24 hours.",
        note=f"{sum(total for total, _ in found.values()):,} in the last 24 hours",
    )


def _rows(sql: str, since: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [floor(since)])
        return list(cursor.fetchall())


def _at_most(count: int) -> str:
    return f"{MOST}+" if count >= MOST else str(count)
