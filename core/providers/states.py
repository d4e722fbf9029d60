"""Whether each provider is in use, switched by people or by an integrity alarm."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from enum import StrEnum

from django.db import transaction
from django.db.models.functions import Now

from core.audit import audit
from core.providers.models import ProviderState

CACHE_S = 1.0


class Mode(StrEnum):
    """ENABLED: in use. DRAINED: nothing new, what runs is finished. DISABLED: nothing is sent at all."""

    ENABLED = "enabled"
    DRAINED = "drained"
    DISABLED = "disabled"


_lock = threading.Lock()
_cached: tuple[float, Mapping[str, Mode]] = (-CACHE_S, {})


def current() -> Mapping[str, Mode]:
    """Return the mode of every provider that was ever switched, at most a second old; the others are enabled."""
    global _cached  # noqa: PLW0603 one copy per process
    with _lock:
        read_at, modes = _cached
    if time.monotonic() - read_at < CACHE_S:
        return modes
    modes = {row.provider: _mode(row) for row in ProviderState.objects.all()}
    with _lock:
        _cached = (time.monotonic(), modes)
    return modes


def change(*, provider: str, mode: Mode, actor: str, reason: str, request_id: str = "") -> None:
    """Switch a provider. Takes effect in every process within a second.

    Needs: nothing; makes its own transaction. Records who and why.
    """
    global _cached  # noqa: PLW0603 what was just changed must not be answered from memory
    with transaction.atomic():
        ProviderState.objects.bulk_create(
            [ProviderState(provider=provider, changed_by=actor, changed_at=Now())], ignore_conflicts=True
        )
        row = ProviderState.objects.select_for_update().get(provider=provider)
        before = {"mode": _mode(row).value, "reason": row.reason}
        ProviderState.objects.filter(provider=provider).update(
            enabled=mode is not Mode.DISABLED,
            drained=mode is Mode.DRAINED,
            reason=reason,
            changed_by=actor,
            changed_at=Now(),
        )
        audit.record(
            actor=actor,
            action="provider.mode_changed",
            target=f"provider:{provider}",
            reason=reason,
            before=before,
            after={"mode": mode.value, "reason": reason},
            request_id=request_id,
        )
    with _lock:
        _cached = (-CACHE_S, {})


def trip(*, provider: str, reason: str) -> None:
    """Take a provider out of use for new business because what it answered is not what was asked."""
    change(provider=provider, mode=Mode.DRAINED, actor="system:integrity", reason=reason)


def _mode(row: ProviderState) -> Mode:
    if not row.enabled:
        return Mode.DISABLED
    return Mode.DRAINED if row.drained else Mode.ENABLED
