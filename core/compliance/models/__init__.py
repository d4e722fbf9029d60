"""The tables of compliance: limits and their use, rules, the screening list, cases."""

from core.compliance.models.case import Case, CaseKind, CaseStatus
from core.compliance.models.limits import LevelLimit, LimitClaim, LimitUse
from core.compliance.models.rules import HoldRule, RuleType, ScreeningEntry, ScreeningKind

__all__ = [
    "Case",
    "CaseKind",
    "CaseStatus",
    "HoldRule",
    "LevelLimit",
    "LimitClaim",
    "LimitUse",
    "RuleType",
    "ScreeningEntry",
    "ScreeningKind",
]
