"""The schedule in force, held in memory for a few seconds so that pricing costs no query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from django.db import connection

from core.fees import models
from core.kernel import errors, held

RATE_SCALE = 10**10
AT_THE_END = frozenset(each.value for each in models.AT_THE_END)
_TIER_ORDER = {tier: place for place, tier in enumerate(models.Tier.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fee as data; see ``models.Rule``.

    Units: ``rate`` is a fraction times ``RATE_SCALE``; the ``_units`` are smallest units of ``currency``.
    """

    tier: str
    code: str
    domain: str = ""
    kind: str = ""
    method: str = ""
    asset: str = ""
    fact: str = ""
    type: str = models.RuleType.PERCENT.value
    rate: int = 0
    currency: str = "USD"
    flat_units: int = 0
    min_units: int | None = None
    cap_units: int | None = None
    over_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is being priced, as far as the choice of rules goes."""

    domain: str
    kind: str
    method: str
    asset: str
    provider_fee_code: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """A published schedule: its version and all of its rules."""

    version: int
    rules: tuple[Rule, ...]
    _chosen: dict[Scope, tuple[Rule, ...]] = field(default_factory=dict, init=False, repr=False)

    def choose(self, *, scope: Scope) -> tuple[Rule, ...]:
        """Return the rules that apply to this scope, facts and thresholds aside, in reading order.

        Of several rows with one code the most specific wins: a method before an asset before neither.
        Raises: SystemFault (``fee_rule_missing``) when the provider's rule is not in the schedule.
        """
        found = self._chosen.get(scope)
        if found is None:
            found = self._chosen[scope] = self._select(scope)
        return found

    def rate_at_the_end(self, *, code: str, domain: str, kind: str, method: str = "") -> Fraction:
        """Return the rate of a fee that is known only at the end: per year, or of the yield. Zero if there is none."""
        scope = Scope(domain=domain, kind=kind, method=method, asset="", provider_fee_code="")
        found = [rule for rule in self._select(scope) if rule.code == code and rule.type in AT_THE_END]
        return Fraction(found[0].rate, RATE_SCALE) if found else Fraction(0)

    def _select(self, scope: Scope) -> tuple[Rule, ...]:
        best: dict[tuple[str, str], Rule] = {}
        for rule in self.rules:
            if not _matches(rule, scope):
                continue
            held = best.get((rule.tier, rule.code))
            if held is None or _specificity(rule) > _specificity(held):
                best[rule.tier, rule.code] = rule
        if scope.provider_fee_code and (models.Tier.PROVIDER.value, scope.provider_fee_code) not in best:
            raise errors.SystemFault(
                code="fee_rule_missing", detail=f"No fee rule {scope.provider_fee_code!r} in schedule {self.version}."
            )
        return tuple(sorted(best.values(), key=lambda rule: (_TIER_ORDER[rule.tier], rule.code)))


def current() -> Schedule:
    """Return the schedule in force now by the database's clock; at most a few seconds old.

    Raises: SystemFault (``no_fee_schedule``) when none is in force.
    """
    return _held.get()


def load() -> Schedule:
    """Read the schedule in force from the database, in one query.

    Raises: SystemFault (``no_fee_schedule``).
    """
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE)
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    if not rows:
        raise errors.SystemFault(code="no_fee_schedule", detail="No fee schedule is in force.")
    return Schedule(version=rows[0]["version"], rules=tuple(_rule(row) for row in rows if row["code"] is not None))


def _rule(row: Mapping[str, object]) -> Rule:
    texts = {
        name: str(row[name])
        for name in ("tier", "code", "domain", "kind", "method", "asset", "fact", "type", "currency")
    }
    return Rule(
        **texts,
        rate=int(Decimal(str(row["rate"])) * RATE_SCALE),
        flat_units=int(str(row["flat_units"])),
        min_units=_units(row["min_units"]),
        cap_units=_units(row["cap_units"]),
        over_units=_units(row["over_units"]),
    )


def _units(value: object) -> int | None:
    return None if value is None else int(str(value))


def _matches(rule: Rule, scope: Scope) -> bool:
    if rule.tier == models.Tier.PROVIDER and rule.code != scope.provider_fee_code:
        return False
    pairs = (
        (rule.domain, scope.domain),
        (rule.kind, scope.kind),
        (rule.method, scope.method),
        (rule.asset, scope.asset),
    )
    return all(wanted in ("", given) for wanted, given in pairs)


def _specificity(rule: Rule) -> tuple[bool, bool, bool, bool]:
    return (rule.method != "", rule.asset != "", rule.kind != "", rule.domain != "")


_IN_FORCE = """
    SELECT s.version, r.tier, r.code, r.domain, r.kind, r.method, r.asset, r.fact, r.type, r.currency, r.rate,
           r.flat_units, r.min_units, r.cap_units, r.over_units
    FROM fees_schedule s LEFT JOIN fees_rule r ON r.schedule_id = s.id
    WHERE s.published_at IS NOT NULL
      AND s.effective_from <= clock_timestamp() AND (s.effective_to IS NULL OR s.effective_to > clock_timestamp())
    ORDER BY r.id
"""
_held = held.Held(load)
