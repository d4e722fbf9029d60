"""The rules that look at one transaction: pure functions of the rule, the transaction and what was counted before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.compliance import models, screening
from core.compliance.models import HoldRule, RuleType
from core.kernel.money import Money
from core.orchestration.gates import Subject

Evidence = dict[str, Any]


def applies(*, rule: HoldRule, subject: Subject) -> bool:
    """Tell whether the rule is about this kind of transaction and this customer's level, and still closed."""
    if rule.stage in subject.cleared:
        return False
    if rule.kind and rule.kind != subject.kind:
        return False
    return rule.below_level is None or subject.customer.kyc_level < rule.below_level


def judge(*, rule: HoldRule, subject: Subject, counted: int) -> Evidence | None:
    """Return the evidence if the rule holds this transaction up, else None.

    ``counted`` is how many earlier transactions of the customer the rule's window has, where it has one.
    """
    return _JUDGES[rule.type](rule, subject, counted)


def counts(*, rule: HoldRule) -> bool:
    """Tell whether the rule needs to know about earlier transactions."""
    return rule.type in (RuleType.VELOCITY, RuleType.STRUCTURING)


def band(rule: HoldRule) -> tuple[int, int | None]:
    """Return the amounts that the rule counts, both ends included; no upper end for velocity.

    Structuring looks just under its threshold: exactly the threshold is not over it and counts.
    """
    if rule.type != RuleType.STRUCTURING:
        return 1, None
    over = int(rule.over_units or 0)
    return -(-over * int(rule.near_percent or 0) // 100), over


def _level(rule: HoldRule, subject: Subject, _counted: int) -> Evidence | None:
    return {"kyc_level": subject.customer.kyc_level, "needed": rule.below_level}


def _country(rule: HoldRule, subject: Subject, _counted: int) -> Evidence | None:
    countries = {"customer": subject.customer.country}
    if subject.counterparty is not None:
        countries["counterparty"] = subject.counterparty.country
    hit = {role: country for role, country in countries.items() if country in rule.countries}
    return {"countries": hit} if hit else None


def _amount(rule: HoldRule, subject: Subject, _counted: int) -> Evidence | None:
    if subject.amount.asset.code != rule.asset or subject.amount.units <= int(rule.over_units or 0):
        return None
    return {"amount": str(subject.amount), "over": _threshold(rule)}


def _velocity(rule: HoldRule, _subject: Subject, counted: int) -> Evidence | None:
    if counted + 1 < int(rule.count or 0):
        return None
    return {"transactions": counted + 1, "window_s": rule.window_s}


def _structuring(rule: HoldRule, subject: Subject, counted: int) -> Evidence | None:
    least, most = band(rule)
    if subject.amount.asset.code != rule.asset or not least <= subject.amount.units <= int(most or 0):
        return None
    found = _velocity(rule, subject, counted)
    return None if found is None else {**found, "amount": str(subject.amount), "just_under": _threshold(rule)}


def _screening(rule: HoldRule, subject: Subject, _counted: int) -> Evidence | None:
    names = _names(subject)
    hits = screening.match(names=names.values(), closeness=int(rule.near_percent or screening.EXACT))
    found = [
        {"role": role, "name": name.text, "listed": hit.listed, "entry": str(hit.entry_id), "score": hit.score}
        for role, name in names.items()
        for hit in hits.get(name, ())
    ]
    return {"hits": found} if found else None


def _names(subject: Subject) -> dict[str, screening.Name]:
    """Both sides are checked, and whoever the instrument belongs to."""
    handle = models.ScreeningKind.HANDLE.value
    names = {
        "customer": screening.Name(text=subject.customer.display_name),
        "customer_handle": screening.Name(text=subject.customer.handle, kind=handle),
        "instrument_holder": screening.Name(text=subject.instrument_holder),
    }
    if subject.counterparty is not None:
        names["counterparty"] = screening.Name(text=subject.counterparty.display_name)
        names["counterparty_handle"] = screening.Name(text=subject.counterparty.handle, kind=handle)
    return names


def _threshold(rule: HoldRule) -> str:
    return str(Money.of(int(rule.over_units or 0), rule.asset))


_JUDGES: Mapping[str, Callable[[HoldRule, Subject, int], Evidence | None]] = {
    RuleType.LEVEL: _level,
    RuleType.COUNTRY: _country,
    RuleType.AMOUNT: _amount,
    RuleType.VELOCITY: _velocity,
    RuleType.STRUCTURING: _structuring,
    RuleType.SCREENING: _screening,
}
