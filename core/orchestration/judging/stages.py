"""The order of the stages at a provider: they rise only, but for refusals and what comes afterwards. Pure."""

from __future__ import annotations

from core.orchestration.models import Attempt
from core.providers.contract import Report, Stage

RANK = {
    Stage.UNMAPPED: 0,
    Stage.ACTION_REQUIRED: 1,
    Stage.ACCEPTED: 2,
    Stage.SUBMITTED: 3,
    Stage.EXECUTED: 4,
    Stage.SETTLED: 5,
    Stage.DECLINED: 6,
    Stage.CANCELED: 6,
    Stage.RETURNED: 7,
    Stage.DISPUTED: 7,
    Stage.REINSTATED: 7,
}
REFUSALS = frozenset({Stage.DECLINED, Stage.CANCELED})
# News of money that had been moved: taken back, or given again. The amount may be a part of what was moved.
AFTERWARDS = frozenset({Stage.RETURNED, Stage.DISPUTED, Stage.REINSTATED})


def is_further(report: Report, attempt: Attempt) -> bool:
    """Whether a report says more than the attempt knows."""
    return not attempt.stage or RANK[report.stage] > RANK[Stage(attempt.stage)]
