"""How the prices are, for the health of the platform."""

from __future__ import annotations

from core.kernel import errors
from core.market import book, sources


class PricesOld(errors.ConnectionFault):
    """A pair has no price, or only one that binds nobody any more."""

    default_code = "prices_old"


def condition() -> str:
    """Say how old the oldest price is.

    Raises: PricesOld naming every pair whose price is missing or stale.
    """
    if not sources.current():
        return "no source is configured: nothing has a price"
    known = book.current()
    ill = [_word(known, pair) for pair in known.pairs if pair not in known.entries or known.entries[pair].is_stale]
    if ill:
        raise PricesOld(detail=", ".join(ill))
    oldest = max((entry.age_s for entry in known.entries.values()), default=0.0)
    return f"{len(known.entries)} pairs, the oldest price is {oldest:.0f} s old"


def _word(known: book.Book, pair: tuple[str, str]) -> str:
    entry = known.entries.get(pair)
    name = "/".join(pair)
    return f"{name}: none" if entry is None else f"{name}: {entry.age_s:.0f} s old"
