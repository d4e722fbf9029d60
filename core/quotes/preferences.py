"""What a customer prefers: cost or speed, and the worst price that he accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.kernel import errors

_PLAIN = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?", re.ASCII)
_NAMES = ("speed", "max_fee_percent", "max_slippage_bps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Each is None where the customer has none.

    Units: ``speed`` from 0 (cost only) to 1 (speed only); ``max_fee_percent`` of the debit; ``max_slippage_bps`` of
    what arrives.
    """

    speed: Decimal | None = None
    max_fee_percent: Decimal | None = None
    max_slippage_bps: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the form in which ``parse`` reads them, without those that are not set."""
        given = {
            "speed": None if self.speed is None else str(self.speed),
            "max_fee_percent": None if self.max_fee_percent is None else str(self.max_fee_percent),
            "max_slippage_bps": self.max_slippage_bps,
        }
        return {name: value for name, value in given.items() if value is not None}


NONE = Preferences()


def parse(*, data: object, pointer: str = "/preferences") -> Preferences:
    """Read the ``preferences`` of a request; a missing or null one means no preference.

    Raises: InvalidInput that names the field (``invalid_type``, ``unknown_field``, ``invalid_preference``).
    """
    if data is None:
        return NONE
    if not isinstance(data, Mapping):
        raise errors.InvalidInput(code="invalid_type", detail="This must be an object.", pointer=pointer)
    for name in data:
        if name not in _NAMES:
            raise errors.InvalidInput(
                code="unknown_field", detail="There is no such preference.", pointer=f"{pointer}/{name}"
            )
    return Preferences(
        speed=_number(data.get("speed"), Decimal(1), f"{pointer}/speed"),
        max_fee_percent=_number(data.get("max_fee_percent"), Decimal(100), f"{pointer}/max_fee_percent"),
        max_slippage_bps=_whole(data.get("max_slippage_bps"), 10_000, f"{pointer}/max_slippage_bps"),
    )


def _number(value: object, most: Decimal, pointer: str) -> Decimal | None:
    if value is None:
        return None
    text = "" if isinstance(value, bool) else str(value)
    if not _PLAIN.fullmatch(text) or Decimal(text) > most:
        raise _invalid(f"This is a plain number from 0 to {most}.", pointer)
    return Decimal(text)


def _whole(value: object, most: int, pointer: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _invalid(f"This is a whole number from 0 to {most}.", pointer)
    return value


def _invalid(detail: str, pointer: str) -> errors.InvalidInput:
    return errors.InvalidInput(code="invalid_preference", detail=detail, pointer=pointer)
