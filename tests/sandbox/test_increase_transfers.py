"""Increase's ACH transfers, with the official SDK in strict mode as the client: every answer must fit its types."""

from __future__ import annotations

from typing import Any

import increase
import pytest
import requests
from increase.types import ACHTransfer

from tests.sandbox.rig import ACCOUNT, INCREASE_KEY, Sandbox, eventually

DETAILS: dict[str, Any] = {
    "account_id": ACCOUNT,
    "statement_descriptor": "diBoaS payout",
    "account_number": "987654321",
    "routing_number": "101050001",
    "individual_name": "Ada Lovelace",
}


def pay(sandbox: Sandbox, *, key: str, amount: int = 2_500, **more: Any) -> ACHTransfer:
    return sandbox.increase().ach_transfers.create(amount=amount, idempotency_key=key, **{**DETAILS, **more})


def balance(sandbox: Sandbox) -> int:
    return sandbox.increase().accounts.balance(ACCOUNT).available_balance


def settled(sandbox: Sandbox, transfer_id: str) -> ACHTransfer:
    def look() -> ACHTransfer | None:
        found = sandbox.increase().ach_transfers.retrieve(transfer_id)
        return found if found.settlement else None

    found: ACHTransfer = eventually(look)
    return found


def test_a_transfer_settles_by_itself_and_stays_submitted(sandbox: Sandbox) -> None:
    before = balance(sandbox)

    made = pay(sandbox, key="ach-1")

    assert (made.status, made.amount, made.currency, made.idempotency_key) == (
        "pending_submission",
        2_500,
        "USD",
        "ach-1",
    )
    assert balance(sandbox) == before - 2_500
    done = settled(sandbox, made.id)
    assert done.status == "submitted"
    assert done.submission is not None
    assert len(done.submission.trace_number) == 15
    assert done.acknowledgement is not None
    assert done.return_ is None
    assert done.transaction_id is not None
    entry = sandbox.increase().transactions.retrieve(done.transaction_id)
    assert (entry.amount, entry.source.category) == (-2_500, "ach_transfer_intention")
    (row,) = sandbox.book(key="ach-1")
    assert (row["operation"], row["amount"], row["direction"]) == ("payout", 2_500, "out")


def test_a_return_after_settlement_brings_the_money_back(sandbox: Sandbox) -> None:
    before = balance(sandbox)
    made = pay(sandbox, key="ach-return")
    settled(sandbox, made.id)

    back = sandbox.increase().simulations.ach_transfers.return_(made.id, reason="account_closed")

    assert back.status == "returned"
    assert back.return_ is not None
    assert (back.return_.return_reason_code, back.return_.raw_return_reason_code) == ("account_closed", "R02")
    entry = sandbox.increase().transactions.retrieve(back.return_.transaction_id)
    assert (entry.amount, entry.source.category) == (2_500, "ach_transfer_return")
    assert balance(sandbox) == before
    assert [(row["operation"], row["direction"]) for row in sandbox.book(object_id=made.id)] == [
        ("payout", "out"),
        ("payout_return", "in"),
    ]
    with pytest.raises(increase.ConflictError):
        sandbox.increase().simulations.ach_transfers.return_(made.id, reason="no_account")
    assert balance(sandbox) == before


def test_approval_and_cancellation(sandbox: Sandbox) -> None:
    before = balance(sandbox)
    first = pay(sandbox, key="ach-approve", require_approval=True)
    second = pay(sandbox, key="ach-cancel", require_approval=True)
    assert (first.status, second.status) == ("pending_approval", "pending_approval")
    assert balance(sandbox) == before

    approved = sandbox.increase().ach_transfers.approve(first.id)
    canceled = sandbox.increase().ach_transfers.cancel(second.id)

    assert approved.approval is not None
    assert canceled.status == "canceled"
    assert canceled.cancellation is not None
    settled(sandbox, first.id)
    with pytest.raises(increase.InvalidOperationError):
        sandbox.increase().ach_transfers.cancel(first.id)
    assert balance(sandbox) == before - 2_500
    assert sandbox.book(key="ach-cancel") == []


def test_more_than_the_account_has_is_rejected_and_nothing_moves(sandbox: Sandbox) -> None:
    before = balance(sandbox)

    made = pay(sandbox, key="ach-poor", amount=before + 1)

    assert (made.status, made.transaction_id) == ("rejected", None)
    assert balance(sandbox) == before
    assert sandbox.book(key="ach-poor") == []
    assert sandbox.control("POST", "funds", {"amount": 100})["balance"] == before + 100


def test_the_same_key_makes_one_transfer(sandbox: Sandbox) -> None:
    before = balance(sandbox)

    first = pay(sandbox, key="ach-once")
    again = sandbox.increase().ach_transfers.with_raw_response.create(
        amount=2_500, idempotency_key="ach-once", **DETAILS
    )
    with pytest.raises(increase.IdempotencyKeyAlreadyUsedError) as used:
        pay(sandbox, key="ach-once", amount=2_600)

    assert again.headers["idempotent-replayed"] == "true"
    assert again.parse().id == first.id
    assert used.value.resource_id == first.id
    assert balance(sandbox) == before - 2_500
    assert [one.id for one in sandbox.increase().ach_transfers.list(idempotency_key="ach-once")] == [first.id]
    assert list(sandbox.increase().ach_transfers.list(idempotency_key="ach-never")) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -100}, "amount"),
        ({"amount": "100"}, "amount"),
        ({"amount": 10.5}, "amount"),
        ({"routing_number": "12345678"}, "routing_number"),
        ({"routing_number": "101050002"}, "routing_number"),
        ({"account_number": ""}, "account_number"),
        ({"account_number": "12 34"}, "account_number"),
        ({"statement_descriptor": None}, "statement_descriptor"),
        ({"funding": "sock"}, "funding"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_parameters_are_named_and_leave_nothing(sandbox: Sandbox, change: dict[str, Any], field: str) -> None:
    before = balance(sandbox)
    body = {**DETAILS, "amount": 100, **change}

    answer = requests.post(
        f"{sandbox.url}/ach_transfers",
        json=body,
        headers={"Authorization": f"Bearer {INCREASE_KEY}", "Idempotency-Key": f"ach-bad-{change}"},
        timeout=5,
    )

    assert answer.status_code == 400
    problem = answer.json()
    assert problem["type"] == "invalid_parameters_error"
    assert [one["field"] for one in problem["errors"]] == [field]
    assert balance(sandbox) == before


def test_errors_become_the_exceptions_of_the_sdk(sandbox: Sandbox) -> None:
    stranger = increase.Increase(api_key="wrong", base_url=sandbox.url, max_retries=0)
    with pytest.raises(increase.InvalidAPIKeyError):
        stranger.accounts.balance(ACCOUNT)
    with pytest.raises(increase.ObjectNotFoundError):
        sandbox.increase().ach_transfers.retrieve("ach_transfer_nobody")
    with pytest.raises(increase.ObjectNotFoundError):
        pay(sandbox, key="ach-nowhere", account_id="account_nobody")
    headers = {"Authorization": f"Bearer {INCREASE_KEY}"}
    assert (
        requests.get(f"{sandbox.url}/unicorns", headers=headers, timeout=5).json()["type"]
        == "api_method_not_found_error"
    )
    broken = requests.post(f"{sandbox.url}/ach_transfers", data="{", headers=headers, timeout=5)
    assert (broken.status_code, broken.json()["type"]) == (400, "malformed_request_error")


def test_lists_are_paged_by_cursor(sandbox: Sandbox) -> None:
    made = [pay(sandbox, key=f"ach-page-{n}", amount=1_000 + n).id for n in range(4)]

    first = sandbox.increase().ach_transfers.list(account_id=ACCOUNT, limit=3)
    walked = [one.id for _, one in zip(range(4), sandbox.increase().ach_transfers.list(limit=2), strict=False)]

    assert [one.id for one in first.data] == made[:0:-1]
    assert first.next_cursor == made[1]
    assert walked == made[::-1]
    events = sandbox.increase().events.list(associated_object_id=made[0]).data
    assert {event.category for event in events} <= {"ach_transfer.created", "ach_transfer.updated"}
    assert events[-1].category == "ach_transfer.created"


def test_the_account_shows_itself(sandbox: Sandbox) -> None:
    account = sandbox.increase().accounts.retrieve(ACCOUNT)

    assert (account.status, account.currency) == ("open", "USD")
    assert [one.id for one in sandbox.increase().accounts.list()] == [ACCOUNT]
    entries = list(sandbox.increase().transactions.list(account_id=ACCOUNT))
    assert sum(entry.amount for entry in entries) == balance(sandbox)


def test_a_return_days_later_comes_when_the_clock_is_pushed(sandbox: Sandbox) -> None:
    before = balance(sandbox)
    made = pay(sandbox, key="ach-late", account_number="000000009203")
    settled(sandbox, made.id)
    assert sandbox.increase().ach_transfers.retrieve(made.id).status == "submitted"

    sandbox.control("POST", "clock", {"advance_seconds": 3 * 86_400})

    back = eventually(lambda: sandbox.increase().ach_transfers.retrieve(made.id).return_)
    assert back.raw_return_reason_code == "R02"
    submitted_at = sandbox.increase().ach_transfers.retrieve(made.id).settlement.settled_at  # type: ignore[union-attr]
    assert (back.created_at - submitted_at).total_seconds() == pytest.approx(172_800, abs=2)
    assert balance(sandbox) == before


def test_without_delays_a_transfer_is_settled_in_its_own_answer(own_sandbox: Sandbox) -> None:
    own_sandbox.environ = {**own_sandbox.environ, "SANDBOX_ACH_SUBMIT_MS": "0", "SANDBOX_ACH_SETTLE_MS": "0"}
    own_sandbox.start()

    made = pay(own_sandbox, key="instant")

    assert (made.status, made.settlement is not None) == ("submitted", True)
    assert own_sandbox.increase().ach_transfers.retrieve(made.id) == made
    assert [row["operation"] for row in own_sandbox.book(key="instant")] == ["payout"]


def test_too_little_money_can_need_attention_instead(own_sandbox: Sandbox) -> None:
    own_sandbox.environ = {
        **own_sandbox.environ,
        "SANDBOX_INCREASE_INSUFFICIENT": "requires_attention",
        "SANDBOX_INCREASE_OPENING_BALANCE": "100",
    }
    own_sandbox.start()

    assert pay(own_sandbox, key="attention", amount=101).status == "requires_attention"
    assert pay(own_sandbox, key="enough", amount=100).status == "pending_submission"
    assert balance(own_sandbox) == 0
