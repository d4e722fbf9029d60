"""Stripe's search over payment intents, as far as finding one by its metadata needs.

Clauses are ``field:'value'`` joined by AND; one of them must name metadata, which is what is indexed here. The real
index lags by up to a minute; this one is up to date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json, json_answer
from sandbox.stripe import desk
from sandbox.stripe.desk import Desk
from sandbox.stripe.wire import errors, parameters

_FIELDS = ("status", "customer", "currency", "amount")
_TEXT = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\d+))"""
_CLAUSE = re.compile(r"\s*(?:metadata\[" + _TEXT + r"\]|([a-z_]+)):" + _TEXT + r"\s*(?:AND\s+|$)")


@dataclass(frozen=True, slots=True)
class _Clause:
    field: str
    value: str
    is_metadata: bool

    def holds(self, item: Json) -> bool:
        found = item["metadata"].get(self.field) if self.is_metadata else item[self.field]
        return found is not None and str(found) == self.value


class Searching:
    """The endpoint /v1/payment_intents/search."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def search(self, call: Call) -> Answer:
        """GET /v1/payment_intents/search."""
        parameters.known(call.params, "query", "limit", "page", "expand")
        limit = parameters.limit(call.params)
        clauses = _clauses(parameters.needed(call.params, "query"))
        first = next((clause for clause in clauses if clause.is_metadata), None)
        if first is None:
            raise errors.invalid("This sandbox searches by metadata: one clause must name it.", param="query")
        items = self._desk.world.objects.labelled(type="payment_intent", name=first.field, value=first.value)
        found = [desk.public(item) for item in items if all(clause.holds(item) for clause in clauses)]
        return json_answer(
            {
                "object": "search_result",
                "data": found[:limit],
                "has_more": len(found) > limit,
                "next_page": None,
                "url": call.request.path,
            }
        )


def _clauses(query: str) -> list[_Clause]:
    clauses: list[_Clause] = []
    place = 0
    while place < len(query):
        found = _CLAUSE.match(query, place)
        if found is None or (found[4] and found[4] not in _FIELDS):
            raise errors.invalid("We were unable to parse your search query.", param="query")
        name = found[4] or _unquote(found[1] or found[2])
        clauses.append(_Clause(name, _unquote(found[5] or found[6] or found[7] or ""), is_metadata=not found[4]))
        place = found.end()
    return clauses


def _unquote(text: str | None) -> str:
    return re.sub(r"\\(.)", r"\1", text or "")
