"""Increase's wire protocol, without a wire: what is sent, what answers mean, which signatures hold."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from banking.providers import increase
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, Query, Stage
from core.providers.transport import http
from core.providers.transport.wire import Doc, Malformed

# From the protocol's published vectors, computed with standardwebhooks 1.1.0. The secret is a dummy.
SECRET = "test_webhook_secret_value"
SIGNED_AT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
BODY = (
    b'{"associated_object_id":"ach_transfer_uoxatyh3lt5evrsdvo7q","associated_object_type":"ach_transfer",'
    b'"category":"ach_transfer.updated","created_at":"2020-01-31T23:59:59Z",'
    b'"id":"event_001dzz0r20rzr4zrhrr1364hy80","type":"event"}'
)
HEADERS = {
    "webhook-id": "msg_1",
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1,RLf45MSqXktWMUbQnsHE7JMme/v62bVlVdLu9mWEirc=",
}


def adapter(*, secrets: tuple[str, ...] = (SECRET,)) -> increase.IncreaseAdapter:
    credentials = increase.Credentials(
        base_url="https://api.increase.com", api_key="key", webhook_secrets=secrets, account_id="account_1"
    )
    return increase.IncreaseAdapter(credentials=credentials)


def transfer(**changes: Any) -> Doc:
    fields = {
        "id": "ach_transfer_1",
        "amount": 10_000,
        "currency": "USD",
        "account_number": "987654321",
        "idempotency_key": "k1",
        "status": "submitted",
        "created_at": "2020-01-31T23:59:59Z",
        "submission": {
            "submitted_at": "2020-02-01T00:30:00Z",
            "expected_funds_settlement_at": "2020-02-03T13:30:00Z",
        },
        "settlement": None,
        "return": None,
        "cancellation": None,
    }
    return Doc({**fields, **changes})


@time_machine.travel(SIGNED_AT, tick=False)
def test_the_published_vector_verifies_and_the_event_is_thin() -> None:
    news = adapter().parse_webhook(contract.Delivery(body=BODY, headers=HEADERS))[0]

    assert (news.event_id, news.event_type, news.report) == (
        ("event_001dzz0r20rzr4zrhrr1364hy80", "ach_transfer.updated", None)
    )
    assert news.query == Query(
        operation=Operation.PAYOUT, key="", reference="", provider_ref="ach_transfer_uoxatyh3lt5evrsdvo7q"
    )


@pytest.mark.parametrize(("seconds", "holds"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_the_tolerance_holds_both_ways(seconds: int, holds: bool) -> None:
    given = contract.Delivery(body=BODY, headers=HEADERS)
    with time_machine.travel(SIGNED_AT.timestamp() + seconds, tick=False):
        if holds:
            assert adapter().parse_webhook(given)
            return
        with pytest.raises(contract.SignatureInvalid):
            adapter().parse_webhook(given)


@time_machine.travel(SIGNED_AT, tick=False)
def test_the_secret_is_used_as_it_is_written_even_if_it_looks_encoded() -> None:
    secret = "whsec_" + base64.b64encode(b"looks like base64").decode()
    signed = hmac.new(secret.encode(), b"msg_1.1700000000." + BODY, hashlib.sha256).digest()
    headers = {**HEADERS, "webhook-signature": "v1," + base64.b64encode(signed).decode()}

    assert adapter(secrets=("other", secret)).parse_webhook(contract.Delivery(body=BODY, headers=headers))


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1700000001"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,RLf45MSqXktWMUbQnsHE7JMme/v62bVlVdLu9mWEirc="},
        {"webhook-signature": "no comma"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": ""},
    ],
)
def test_headers_that_are_not_exactly_right_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(contract.SignatureInvalid):
        adapter().parse_webhook(contract.Delivery(body=BODY, headers={**HEADERS, **changes}))


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize("body", [BODY + b" ", b"", b"\xff\xfe"])
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(contract.SignatureInvalid):
        adapter().parse_webhook(contract.Delivery(body=body, headers=HEADERS))


def test_events_of_other_things_ask_nothing() -> None:
    body = json.dumps(
        {"id": "event_1", "category": "card.created", "associated_object_type": "card", "associated_object_id": "c"}
    )

    news = adapter().parse_webhook(contract.Delivery(body=body.encode(), headers={}, verified=True))[0]

    assert (news.report, news.query) == (None, None)


def test_a_payout_is_a_credit_to_the_holder_under_our_key() -> None:
    order = Order(
        operation=Operation.PAYOUT,
        method="ach",
        key="txn_1:payout:increase",
        reference="txn_1",
        amount=Money.of(10_050, "USD"),
        instrument={
            "account_number": "987654321",
            "routing_number": "101050001",
            "funding": "savings",
            "holder": "Ada Lovelace",
        },
    )

    call = increase.payout_call(order, account_id="account_1")

    assert (call.method, call.path, call.headers["Idempotency-Key"]) == (
        ("POST", "/ach_transfers", "txn_1:payout:increase")
    )
    assert json.loads(call.body or b"") == {
        "account_id": "account_1",
        "amount": 10_050,
        "statement_descriptor": "DIBOAS PAYOUT",
        "account_number": "987654321",
        "routing_number": "101050001",
        "funding": "savings",
        "individual_name": "Ada Lovelace",
        "standard_entry_class_code": "prearranged_payments_and_deposit",
        "require_approval": False,
    }


@pytest.mark.parametrize(
    ("changes", "stage", "reason"),
    [
        ({"status": "pending_approval"}, Stage.ACCEPTED, ""),
        ({"status": "pending_transfer_session_confirmation"}, Stage.ACCEPTED, ""),
        ({"status": "pending_reviewing"}, Stage.ACCEPTED, ""),
        ({"status": "pending_submission"}, Stage.ACCEPTED, ""),
        ({"status": "requires_attention"}, Stage.ACCEPTED, "requires_attention"),
        ({"status": "submitted"}, Stage.SUBMITTED, ""),
        ({"status": "submitted", "settlement": {"settled_at": "2020-02-03T13:30:00Z"}}, Stage.SETTLED, ""),
        ({"status": "rejected"}, Stage.DECLINED, "payout_rejected"),
        ({"status": "canceled"}, Stage.CANCELED, "payout_canceled"),
        ({"status": "returned"}, Stage.RETURNED, "payout_returned"),
        (
            {"status": "returned", "return": {"return_reason_code": "no_account"}},
            Stage.RETURNED,
            "bank_account_not_found",
        ),
        ({"status": "returned", "return": {"return_reason_code": "invented"}}, Stage.RETURNED, "payout_returned"),
        ({"status": "invented_tomorrow", "settlement": {"settled_at": "2020-02-03T13:30:00Z"}}, Stage.UNMAPPED, ""),
        (
            {"status": "returned", "settlement": {"settled_at": "2020-02-03T13:30:00Z"}, "return": {}},
            Stage.RETURNED,
            "payout_returned",
        ),
    ],
)
def test_each_status_has_its_stage_and_only_settlement_settles(
    changes: dict[str, Any], stage: Stage, reason: str
) -> None:
    report = increase.transfer_report(transfer(**changes))

    assert (report.stage, report.reason, report.raw_status) == (stage, reason, changes["status"])
    assert (report.provider_ref, report.key, report.amount, report.destination) == (
        ("ach_transfer_1", "k1", Money.of(10_000, "USD"), "4321")
    )


def test_the_moment_is_that_of_the_stage() -> None:
    settled = transfer(settlement={"settled_at": "2020-02-03T13:30:00Z"})

    assert increase.transfer_report(settled).occurred_at == datetime(2020, 2, 3, 13, 30, tzinfo=UTC)
    assert increase.transfer_report(transfer()).occurred_at == datetime(2020, 2, 1, 0, 30, tzinfo=UTC)
    assert increase.transfer_report(transfer()).eta == datetime(2020, 2, 3, 13, 30, tzinfo=UTC)
    assert increase.transfer_report(transfer(status="pending_approval", submission=None)).eta is None


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"amount": "10000"},
        {"account_number": None},
        {"status": 1},
        {"created_at": "yesterday", "submission": None},
        {"submission": {"submitted_at": "2020-02-01T00:30:00"}},
    ],
)
def test_a_transfer_of_the_wrong_shape_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        increase.transfer_report(transfer(**changes))


def test_a_look_up_proves_absence_and_refuses_two() -> None:
    one = dict(transfer().fields)

    assert increase.found_report(Doc({"data": [], "next_cursor": None})) is None
    found = increase.found_report(Doc({"data": [one]}))
    assert found is not None
    assert found.provider_ref == "ach_transfer_1"
    with pytest.raises(Malformed):
        increase.found_report(Doc({"data": [one, one]}))
    with pytest.raises(Malformed):
        increase.found_report(Doc({}))


@pytest.mark.parametrize(
    ("status", "kind", "error", "code"),
    [
        (401, "invalid_api_key_error", contract.Unavailable, "provider_auth_failed"),
        (403, "insufficient_permissions_error", contract.Unavailable, "provider_auth_failed"),
        (400, "invalid_parameters_error", contract.Rejected, "instrument_invalid"),
        (400, "malformed_request_error", contract.Rejected, "provider_rejected"),
        (404, "object_not_found_error", contract.Unavailable, "provider_misconfigured"),
        (409, "idempotency_key_already_used_error", contract.OutcomeUnknown, "outcome_unknown"),
        (409, "invalid_operation_error", contract.Rejected, "provider_rejected"),
        (400, "", contract.OutcomeUnknown, "outcome_unknown"),
    ],
)
def test_each_refusal_is_one_of_the_four(
    status: int, kind: str, error: type[contract.ProviderError], code: str
) -> None:
    found = increase.refusal(http.Answer(status=status, headers={}, doc=Doc({"type": kind})))

    assert (type(found), found.code) == (error, code)


@pytest.mark.parametrize("units", [10_000, 1_000_000])
def test_the_price_is_the_same_for_any_size(units: int) -> None:
    order = Order(
        operation=Operation.PAYOUT, method="ach", key="k", reference="r", amount=Money.of(units, "USD"), instrument={}
    )

    assert adapter().quote(order).fee == Money.of(25, "USD")
