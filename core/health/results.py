"""The last results of checks: written by the scheduled run, read by the console, the metrics and the health page."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models.functions import Now

from core.health.models import HealthResult
from core.resilience.checks import Component


def store(*, components: Sequence[Component], figures: dict[str, int] | None = None) -> None:
    """Replace the last result of each of these checks."""
    rows = [
        HealthResult(
            name=component.name,
            ok=component.ok,
            critical=component.critical,
            detail=component.detail,
            took_ms=component.took_ms,
            figure=(figures or {}).get(component.name),
            checked_at=Now(),
        )
        for component in components
    ]
    HealthResult.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["ok", "critical", "detail", "took_ms", "figure", "checked_at"],
    )


def find(*, name: str) -> HealthResult | None:
    """Return the last result of one check."""
    return HealthResult.objects.filter(name=name).first()


def all_of() -> list[HealthResult]:
    """Return the last results of all checks, by name."""
    return list(HealthResult.objects.order_by("name"))
