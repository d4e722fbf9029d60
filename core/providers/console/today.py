"""The providers' part of the control tower: breakers open, and a line for each provider."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from core.console import memo
from core.console.cells import Tone
from core.console.tower import Figure, Item, Strip
from core.kernel import clock
from core.providers import queries
from core.providers.console import words
from core.providers.queries import ProviderView

KEEP_S = 2.0


def items() -> Iterable[Item]:
    """Return the count of open breakers and the provider strip; at most two seconds old."""
    return memo.kept("providers.tower", ttl_s=KEEP_S, fn=lambda: list(_items()))


def _items() -> Iterable[Item]:
    views = queries.overview(now=clock.SYSTEM.now())
    broken = [f"{view.code} {each.operation}" for view in views for each in words.open_breakers(view)]
    yield Figure(
        label="Breakers open",
        value=str(len(broken)),
        tone=Tone.DANGER if broken else Tone.SUCCESS,
        icon="block" if broken else "check_circle",
        hint=", ".join(broken[:2]) or "every call passes",
        href=reverse("console:providers_providerstate_changelist"),
    )
    yield from map(_strip, views)


def _strip(view: ProviderView) -> Strip:
    seen = any(each.health.samples for each in view.operations)
    return Strip(
        name=view.name,
        href=reverse("console:providers_providerstate_change", args=[view.code]),
        state=words.standing(view),
        facts=(
            ("success", words.percent(words.worst_rate(view.operations)) if seen else "—"),
            ("p95", words.milliseconds(words.slowest_ms(view.operations))),
            ("calls last hour", f"{sum(each.last_hour.calls for each in view.operations):,}"),
        ),
    )
