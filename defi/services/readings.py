"""What strategies are worth, read from their contracts now and then and kept for display with its age."""

from __future__ import annotations

import structlog

from core.chains import config
from core.kernel import assets, clock, errors
from defi.models import Reading, Strategy
from defi.providers import aave_v3

_log = structlog.get_logger(__name__)


def observe_all() -> None:
    """Read every strategy whose chain is set up; one that cannot be read keeps its last reading, which shows its age.

    Needs: no open database transaction.
    """
    for strategy in Strategy.objects.order_by("code"):
        if not config.is_configured(strategy.chain):
            continue
        try:
            observe(strategy)
        except errors.DiboasError as error:
            _log.warning("defi.not_observed", strategy=strategy.code, code=error.code, detail=error.detail)


def observe(strategy: Strategy) -> Reading:
    """Read one strategy from its contract and keep what it said.

    Needs: no open database transaction. Raises: Refused (``chain_unavailable``), Unavailable, RateLimited.
    """
    reserve = aave_v3.read_reserve(assets.get(strategy.asset))
    said = {
        "index": reserve.index.ray,
        "rounding": reserve.index.rounding.value,
        "rate": reserve.rate,
        "available_units": reserve.available.units,
        "room_units": None if reserve.room is None else reserve.room.units,
        "is_open": reserve.is_open,
        "block_time": reserve.block_time,
        "observed_at": clock.SYSTEM.now(),
    }
    reading, _ = Reading.objects.update_or_create(strategy=strategy, defaults=said)
    return reading
