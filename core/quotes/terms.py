"""How long quotes hold, held in memory for a few seconds."""

from __future__ import annotations

from datetime import timedelta

from core.kernel import errors, held
from core.quotes import models


def lifetime(*, domain: str, kind: str) -> timedelta:
    """Return how long a quote of this kind holds.

    Raises: SystemFault (``no_quote_terms``) when no row covers it.
    """
    by_scope = _held.get()
    for scope in ((domain, kind), (domain, ""), ("", kind), ("", "")):
        if scope in by_scope:
            return timedelta(seconds=by_scope[scope])
    raise errors.SystemFault(code="no_quote_terms", detail=f"No terms for quotes of {domain} {kind}.")


def _load() -> dict[tuple[str, str], int]:
    rows = models.Terms.objects.values_list("domain", "kind", "lifetime_s")
    return {(domain, kind): seconds for domain, kind, seconds in rows}


_held = held.Held(_load)
