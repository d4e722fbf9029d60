"""What customers read."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.kernel import ids
from core.notifications import messages, wording
from core.orchestration.states import Status
from tests.core.notifications.payloads import payload

NOT_IN_TIME = (
    "Your transfer of 100.00 USD was not carried out in time. It took too long. Nothing was taken from your balance."
)


def _said(**facts: Any) -> tuple[str, str] | None:
    said = messages.message(messages.Happening.read(payload(ids.uuid7(), **facts)))
    return None if said is None else (said.title, said.body)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ("Your deposit has arrived", "Your deposit of 100.00 USD is in your balance.")),
        (
            {"status": "failed", "reason": "card_declined"},
            (
                "Your deposit did not go through",
                "Your deposit of 100.00 USD did not go through. The card was declined.",
            ),
        ),
        (
            {"kind": "withdrawal", "status": "reversed", "amount": "5.00"},
            ("Your withdrawal came back", "Your bank returned 5.00 USD. The money is in your balance again."),
        ),
        (
            {"kind": "transfer", "status": "expired", "reason": "deadline_passed"},
            (
                "Your transfer has expired",
                NOT_IN_TIME,
            ),
        ),
        (
            {"kind": "transfer", "role": "recipient", "amount": "4.75"},
            ("You received money", "4.75 USD was added to your balance."),
        ),
        (
            {"kind": "swap", "asset": "USDC", "chain": "solana", "amount": "1.000000"},
            ("Your transaction is complete", "Your transaction of 1.000000 USDC on Solana is complete."),
        ),
        ({"kind": "transfer", "role": "recipient", "status": "processing"}, None),
    ],
)
def test_words_fit_what_happened(facts: dict[str, Any], said: tuple[str, str] | None) -> None:
    assert _said(**facts) == said


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("kind", ["deposit", "withdrawal", "transfer", "reversal", "unheard-of"])
def test_every_status_that_customers_see_has_words(kind: str, status: str) -> None:
    said = _said(kind=kind, status=status)

    assert said is not None
    assert all(text and "{" not in text for text in said)


@pytest.mark.parametrize("reason", ["sanctions_hit", "velocity_rule", "case_opened", "limit_exceeded_daily", "x<y>"])
def test_reasons_without_words_of_their_own_are_never_mentioned(reason: str) -> None:
    assert _said(kind="withdrawal", status="failed", reason=reason) == _said(kind="withdrawal", status="failed")


def test_a_review_reads_the_same_whatever_its_reason() -> None:
    said = {_said(status="under_review", reason=reason) for reason in (None, "card_declined", "screening", "aml")}

    assert len(said) == 1


def test_no_word_of_ours_names_rules_or_cases() -> None:
    texts = [
        text
        for table in (wording.OWNER, wording.RECIPIENT)
        for words in table.values()
        for text in (words.title, words.body)
    ]
    told = " ".join([*texts, *wording.REASONS.values()]).lower()

    assert re.findall(r"\b(rule|alert|case|score|sanction|screen|aml|suspicious|risk|list)\w*", told) == []
