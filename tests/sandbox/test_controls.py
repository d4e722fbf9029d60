"""The controls and the page."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.rig import Receiver, Sandbox, eventually

FORM = {"amount": "4200", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}


def charge(sandbox: Sandbox, key: str, **more: str) -> dict[str, Any]:
    answer: dict[str, Any] = sandbox.post_form("/v1/payment_intents", {**FORM, **more}, key=key).json()
    return answer


def test_a_dispute_takes_the_money_and_a_fee_and_winning_brings_it_back(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = charge(sandbox, "dispute-won", **{"metadata[reference]": "txn_d"})

    opened = sandbox.control("POST", "disputes", {"payment_intent": intent["id"], "reason": "product_not_received"})

    shown = sandbox.stripe().v1.disputes.retrieve(opened["id"])
    assert (shown.status, shown.amount, shown.reason) == ("needs_response", 4_200, "product_not_received")
    assert [(one.amount, one.fee, one.net) for one in shown.balance_transactions] == [(-4_200, 1_500, -5_700)]
    assert sandbox.stripe().v1.charges.retrieve(intent["latest_charge"]).disputed is True
    ended = sandbox.control("POST", "disputes", {"dispute": opened["id"], "outcome": "won"})
    assert ended["status"] == "won"
    rows = sandbox.book(key="dispute-won")
    assert [(row["operation"], row["amount"], row["fee"], row["direction"]) for row in rows] == [
        ("charge", 4_200, 152, "in"),
        ("dispute", 4_200, 1_500, "out"),
        ("dispute_reversal", 4_200, 0, "in"),
    ]
    assert {row["reference"] for row in rows} == {"txn_d"}
    types = eventually(lambda: len(found := [got.body for got in receiver.about(intent["id"])]) == 5 and found)
    for body, type_ in zip(
        types,
        (
            "payment_intent.succeeded",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.closed",
            "charge.dispute.funds_reinstated",
        ),
        strict=True,
    ):
        assert f'"type":"{type_}"'.encode() in body
    again = requests.post(f"{sandbox.url}/_control/disputes", json={"charge": intent["latest_charge"]}, timeout=5)
    assert again.status_code == 400


def test_a_dispute_is_lost_by_evidence_or_by_closing(sandbox: Sandbox) -> None:
    first = sandbox.control("POST", "disputes", {"payment_intent": charge(sandbox, "dispute-lost")["id"]})
    second = sandbox.control("POST", "disputes", {"payment_intent": charge(sandbox, "dispute-closed")["id"]})
    client = sandbox.stripe().v1.disputes

    by_evidence = client.update(first["id"], params={"evidence": {"uncategorized_text": "losing_evidence"}})
    by_closing = client.close(second["id"])

    assert (by_evidence.status, by_closing.status) == ("lost", "lost")
    assert [row["operation"] for row in sandbox.book(key="dispute-lost")] == ["charge", "dispute"]


def test_a_card_of_stripes_test_mode_is_disputed_by_itself(sandbox: Sandbox) -> None:
    charge(sandbox, "dispute-card", payment_method="pm_card_createDispute")

    eventually(lambda: len(sandbox.book(key="dispute-card")) == 2)


def test_the_book_is_paged_filtered_and_totalled(sandbox: Sandbox) -> None:
    for number in range(5):
        charge(sandbox, f"page-{number}", **{"metadata[batch]": "blue", "amount": str(1000 + number)})

    first = sandbox.control("GET", "book", reference="blue", limit="3")
    rest = sandbox.control("GET", "book", reference="blue", limit="3", after=str(first["next_after"]))

    assert [row["amount"] for row in first["rows"] + rest["rows"]] == [1000, 1001, 1002, 1003, 1004]
    assert rest["next_after"] is None
    (total,) = first["totals"]
    assert (total["count"], total["amount"], total["fee"]) == (5, 5_010, 59 * 5)
    assert sandbox.control("GET", "book", reference="blue", provider="increase")["rows"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "book?colour=red", None, "colour"),
        ("GET", "book?limit=0", None, "limit"),
        ("GET", "book?limit=x", None, "limit"),
        ("POST", "clock", {}, "advance_seconds"),
        ("POST", "clock", {"advance_seconds": -1}, "advance_seconds"),
        ("POST", "clock", {"advance_seconds": True}, "advance_seconds"),
        ("POST", "disputes", {}, "charge"),
        ("POST", "disputes", {"dispute": "du_1", "outcome": "drawn"}, "outcome"),
        ("POST", "payments", {"payment_intent": "pi_1", "outcome": "maybe"}, "outcome"),
        ("POST", "funds", {"amount": 0}, "amount"),
        ("POST", "webhooks", {"provider": "paypal"}, "provider"),
        ("POST", "webhooks", [], ""),
    ],
)
def test_a_bad_control_names_the_field(sandbox: Sandbox, method: str, path: str, body: object, field: str) -> None:
    answer = requests.request(method, f"{sandbox.url}/_control/{path}", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_an_unknown_control_lists_the_known_ones(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.url}/_control/unicorns", timeout=5)

    assert answer.status_code == 404
    assert "GET /_control/book" in answer.json()["error"]["message"]


def test_the_page_says_what_it_is_and_shows_the_book(sandbox: Sandbox) -> None:
    charge(sandbox, "<script>alert(1)</script>")

    page = requests.get(sandbox.url, timeout=5)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "No real bank, no real card, no real money" in page.text
    assert "/_control/faults" in page.text
    assert "42.00 USD" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert requests.post(sandbox.url, timeout=5).status_code == 405


def test_a_huge_body_is_refused(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.url}/v1/payment_intents", data=b"x" * 3_000_000, timeout=5)

    assert answer.status_code == 413
