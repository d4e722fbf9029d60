"""Decisions as they are kept: written in sets, read for the story of a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from core.kernel import clock, ids
from core.routing import models, scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """One stored decision. ``candidates`` are ``scoring.Scored.to_json`` objects, best first."""

    id: UUID
    transaction_id: UUID
    chosen: str
    weights_version: int
    speed_preference: str | None
    candidates: tuple[dict[str, Any], ...]
    created_at: datetime

    def render(self) -> dict[str, Any]:
        """Return the decision as the customer may read it."""
        return {
            "id": ids.render(ids.Prefix.DECISION, self.id),
            "chosen": self.chosen,
            "weights_version": self.weights_version,
            "candidates": scoring.render(candidates=self.candidates),
            "at": clock.rfc3339(self.created_at),
        }


def row(*, transaction_id: UUID, decision: scoring.Decision) -> dict[str, Any]:
    """Return the decision as one JSON-ready row for the SQL function ``routing_record(rows jsonb)``."""
    preference = decision.speed_preference
    return {
        "id": str(ids.uuid7()),
        "transaction_id": str(transaction_id),
        "chosen": decision.chosen,
        "weights_version": decision.weights_version,
        "speed_preference": None if preference is None else str(preference),
        "candidates": [one.to_json() for one in decision.candidates],
    }


def record(*, rows: Sequence[dict[str, Any]]) -> None:
    """Write a set of rows in one statement, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT routing_record(%s::jsonb)", [json.dumps(rows)])


def for_transaction(transaction_id: UUID) -> list[DecisionView]:
    """Return the decisions taken for a transaction, oldest first."""
    found = models.Decision.objects.filter(transaction_id=transaction_id).order_by("id")
    return [
        DecisionView(
            id=one.id,
            transaction_id=one.transaction_id,
            chosen=one.chosen,
            weights_version=one.weights_version,
            speed_preference=None if one.speed_preference is None else str(one.speed_preference),
            candidates=tuple(one.candidates),
            created_at=one.created_at,
        )
        for one in found
    ]


def explain(transaction_id: UUID) -> dict[str, Any]:
    """Return this package's part of the story of a transaction."""
    return {"decisions": [one.render() for one in for_transaction(transaction_id)]}
