"""The choice among candidates: pure, deterministic, every number kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.api import amounts
from core.kernel.money import Money

# How well a provider did, from 0 to 1, as its monitor measured it. No amount of money, so it may come as a float.
Measured = float | Decimal
_FINE = Decimal("0.0001")
_SHOWN = Decimal("0.01")
_ZERO = Decimal(0)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each matter counts, in percent; they sum to 100 and health has at least half."""

    version: int
    health: int
    cost: int
    speed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A provider that could do it, or could not, and ``why``.

    Units: ``health`` 0 to 1; ``cost`` is the sum of all fees if this one does it.
    """

    provider: str
    health: Decimal
    cost: Money
    eta_seconds: int
    eligible: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A candidate with its numbers, each 0 to 1 with four places. All are zero for one that is not eligible."""

    candidate: Candidate
    score: Decimal = _ZERO
    health: Decimal = _ZERO
    cost: Decimal = _ZERO
    speed: Decimal = _ZERO

    def to_json(self) -> dict[str, Any]:
        """Return the stored form: the numbers of the score and what they were made from."""
        one = self.candidate
        return {
            "provider": one.provider,
            "eligible": one.eligible,
            "why": one.why,
            "score": str(self.score),
            "health": str(self.health),
            "cost": str(self.cost),
            "speed": str(self.speed),
            "measured_health": str(one.health),
            "fees_total": amounts.render(one.cost),
            "eta_seconds": one.eta_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome: ``chosen`` is a provider's code, empty when nobody is eligible. Best candidate first."""

    chosen: str
    weights_version: int
    speed_preference: Decimal | None
    candidates: tuple[Scored, ...]

    @property
    def ranking(self) -> tuple[str, ...]:
        """The eligible providers, best first: the order in which failing over tries them."""
        return tuple(one.candidate.provider for one in self.candidates if one.candidate.eligible)


def score(*, candidates: Sequence[Candidate], weights: Weights, speed_preference: Decimal | None = None) -> Decision:
    """Return every candidate's score, best first, and the choice.

    Each number is relative to the best eligible candidate: health over the highest, the lowest cost over the cost, the
    shortest time over the time; so a provider that is a hair worse scores a hair less, whatever the others do.
    ``speed_preference`` (0 cost only, 1 speed only) divides what health leaves; without it the weights do. Equal scores
    go to the cheaper, then the faster, then by name.
    """
    eligible = [one for one in candidates if one.eligible]
    cost_weight, speed_weight = _divide(weights, speed_preference)
    scored = [_score_one(one, eligible, (weights.health, cost_weight, speed_weight)) for one in candidates]
    ranked = tuple(sorted(scored, key=_rank))
    return Decision(
        chosen=ranked[0].candidate.provider if eligible else "",
        weights_version=weights.version,
        speed_preference=speed_preference,
        candidates=ranked,
    )


def exact_health(measured: Measured) -> Decimal:
    """Return a measured health with four places, so that equal measurements score equally everywhere."""
    return _fine(Decimal(str(measured)))


def render(*, candidates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the contract's ``candidates`` from their stored form: numbers with two places, no raw measurements."""
    return [
        {
            **{key: value for key, value in one.items() if key != "measured_health"},
            **{key: _shown(one[key]) for key in ("score", "health", "cost", "speed")},
        }
        for one in candidates
    ]


def _divide(weights: Weights, speed_preference: Decimal | None) -> tuple[Decimal, Decimal]:
    if speed_preference is None:
        return Decimal(weights.cost), Decimal(weights.speed)
    left = 100 - weights.health
    return left * (1 - speed_preference), left * speed_preference


def _score_one(one: Candidate, eligible: Sequence[Candidate], weights: tuple[int, Decimal, Decimal]) -> Scored:
    if not one.eligible:
        return Scored(candidate=one)
    best_health = max(other.health for other in eligible)
    # One more unit, and one more second, keep what is free or instant from making everything else worth nothing.
    lowest_cost = min(other.cost.units for other in eligible) + 1
    shortest = min(other.eta_seconds for other in eligible) + 1
    health = _fine(one.health / best_health) if best_health else _ONE
    cost = _fine(Decimal(lowest_cost) / (one.cost.units + 1))
    speed = _fine(Decimal(shortest) / (one.eta_seconds + 1))
    total = _fine((health * weights[0] + cost * weights[1] + speed * weights[2]) / 100)
    return Scored(candidate=one, score=total, health=health, cost=cost, speed=speed)


def _rank(scored: Scored) -> tuple[bool, Decimal, int, int, str]:
    one = scored.candidate
    return (not one.eligible, -scored.score, one.cost.units, one.eta_seconds, one.provider)


def _fine(value: Decimal) -> Decimal:
    return value.quantize(_FINE, rounding=ROUND_HALF_UP)


def _shown(text: str) -> str:
    return str(Decimal(text).quantize(_SHOWN, rounding=ROUND_HALF_UP))
