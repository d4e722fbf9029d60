"""Stripe's wire protocol, without a wire: what is sent, what answers mean, which signatures hold."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from banking.providers import stripe
from core.kernel.clock import FixedClock
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, Stage
from core.providers.transport import http
from core.providers.transport.wire import Doc, Malformed

# From the protocol's published vectors, computed with stripe 16.1.0. The secret is a dummy.
SECRET = "whsec_test_secret"
SIGNED_AT = 1_700_000_000
BODY = (
    b'{"id":"evt_test_1","object":"event","api_version":"2026-10-28.endive","created":1700000000,'
    b'"type":"payment_intent.succeeded","livemode":false,"data":{"object":{"id":"pi_test_1",'
    b'"object":"payment_intent","amount":10000,"currency":"usd","status":"succeeded"}}}'
)
HEADER = "t=1700000000,v1=60c814e45fb71d8c85d4cf7fc2ef460d77ebf914ae8e11d4402cee68c140dd65"


def adapter(*, secrets: tuple[str, ...] = (SECRET,), seconds: float = 0) -> stripe.StripeAdapter:
    clock = FixedClock(datetime.fromtimestamp(SIGNED_AT, UTC) + timedelta(seconds=seconds))
    credentials = stripe.Credentials(base_url="https://api.stripe.com", api_key="sk_test_x", webhook_secrets=secrets)
    return stripe.StripeAdapter(credentials=credentials, clock=clock)


def delivery(*, body: bytes = BODY, header: str = HEADER) -> contract.Delivery:
    return contract.Delivery(body=body, headers={"stripe-signature": header})


def intent(**changes: Any) -> Doc:
    fields = {
        "id": "pi_1",
        "amount": 10_000,
        "amount_received": 0,
        "currency": "usd",
        "status": "processing",
        "created": SIGNED_AT,
        "metadata": {"key": "k1", "reference": "txn_1"},
        "last_payment_error": None,
        "latest_charge": "ch_1",
    }
    return Doc({**fields, **changes})


def answer(status: int, **error: Any) -> http.Answer:
    return http.Answer(status=status, headers={}, doc=Doc({"error": error}))


def test_the_published_vector_verifies() -> None:
    news = adapter().parse_webhook(delivery())[0]

    assert (news.event_id, news.event_type, news.report) == ("evt_test_1", "payment_intent.succeeded", None)
    assert news.query is not None
    assert (news.query.provider_ref, news.only_settles) == ("pi_test_1", False)


@pytest.mark.parametrize("charge", ["ch_1", {"id": "ch_1", "balance_transaction": "txn_1"}])
def test_what_a_success_cost_is_asked_for_where_the_event_does_not_say(charge: object) -> None:
    done = intent(status="succeeded", amount_received=10_000, latest_charge=charge)

    found = stripe.news(Doc({"id": "evt", "type": "payment_intent.succeeded", "data": {"object": dict(done.fields)}}))

    assert (found.report, found.only_settles) == (None, True)
    assert found.query is not None
    assert (found.query.provider_ref, found.query.key, found.query.reference) == ("pi_1", "k1", "txn_1")


@pytest.mark.parametrize(("seconds", "holds"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_the_tolerance_holds_both_ways(seconds: float, holds: bool) -> None:
    if holds:
        assert adapter(seconds=seconds).parse_webhook(delivery())
        return
    with pytest.raises(contract.SignatureInvalid) as caught:
        adapter(seconds=seconds).parse_webhook(delivery())
    assert caught.value.code == "signature_too_old"


@pytest.mark.parametrize("secrets", [("new", SECRET), (SECRET, "old")])
def test_any_of_our_secrets_holds_while_they_rotate(secrets: tuple[str, ...]) -> None:
    assert adapter(secrets=secrets).parse_webhook(delivery())


def test_any_of_their_signatures_holds_while_they_rotate() -> None:
    given = HEADER.replace(",v1=", ",v0=abc,v1=" + "0" * 64 + ",v1=")

    assert adapter().parse_webhook(delivery(header=given))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1700000000",
        HEADER.replace("t=1700000000,", ""),
        HEADER.replace("v1=", "v0="),
        HEADER.replace("t=1700000000", "t=1700000001"),
        HEADER.replace("t=1700000000", "t=-1700000000"),
        HEADER.replace("t=1700000000", "t=\u0661\u0667\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660"),
        HEADER + ",t=1700000000",
        HEADER.upper(),
        HEADER[:-1],
        HEADER + "\n",
        ",".join(["t=1700000000", *["v1=00"] * 11]),
    ],
)
def test_a_header_that_is_not_exactly_right_is_refused(header: str) -> None:
    if header == HEADER + "\n":
        # Space around a part is trimmed; the signature itself is whole.
        assert adapter().parse_webhook(delivery(header=header))
        return
    with pytest.raises(contract.SignatureInvalid):
        adapter().parse_webhook(delivery(header=header))


def test_without_any_secret_nothing_holds() -> None:
    with pytest.raises(contract.SignatureInvalid):
        adapter(secrets=()).parse_webhook(delivery())


def test_a_charge_is_confirmed_at_once_under_our_key_and_always_the_same_bytes() -> None:
    order = Order(
        operation=Operation.CHARGE,
        method="card",
        key="txn_1:charge:stripe",
        reference="txn_1",
        amount=Money.of(10_050, "EUR"),
        instrument={"token": "pm_1"},
        correlation_id="corr",
    )

    call = stripe.charge_call(order, return_url="https://app.example/back")

    assert (call.method, call.path, call.correlation_id) == ("POST", "/v1/payment_intents", "corr")
    assert call.headers["Idempotency-Key"] == "txn_1:charge:stripe"
    assert dict(parse_qsl((call.body or b"").decode())) == {
        "amount": "10050",
        "currency": "eur",
        "payment_method": "pm_1",
        "payment_method_types[]": "card",
        "confirm": "true",
        "metadata[reference]": "txn_1",
        "metadata[key]": "txn_1:charge:stripe",
        "expand[]": "latest_charge.balance_transaction",
        "return_url": "https://app.example/back",
    }
    assert stripe.charge_call(order, return_url="https://app.example/back").body == call.body


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("requires_action", Stage.ACTION_REQUIRED),
        ("processing", Stage.SUBMITTED),
        ("requires_capture", Stage.ACCEPTED),
        ("canceled", Stage.CANCELED),
        ("succeeded", Stage.SETTLED),
        ("requires_confirmation", Stage.UNMAPPED),
        ("requires_payment_method", Stage.UNMAPPED),
        ("invented_tomorrow", Stage.UNMAPPED),
    ],
)
def test_each_status_has_its_stage_and_a_new_one_settles_nothing(status: str, stage: Stage) -> None:
    report = stripe.intent_report(intent(status=status))

    assert (report.stage, report.raw_status) == (stage, status)
    assert (report.provider_ref, report.key, report.reference) == ("pi_1", "k1", "txn_1")
    assert report.occurred_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_refused_card_is_a_decline_only_with_its_error() -> None:
    failure = {"code": "card_declined", "decline_code": "insufficient_funds"}

    report = stripe.intent_report(intent(status="requires_payment_method", last_payment_error=failure))

    assert (report.stage, report.reason) == (Stage.DECLINED, "card_insufficient_funds")


def test_what_was_received_counts_not_what_was_asked() -> None:
    assert stripe.intent_report(intent(status="succeeded", amount_received=9_900)).amount == Money.of(9_900, "USD")


def test_the_fee_is_read_where_it_is_shown() -> None:
    charge = {"id": "ch_1", "balance_transaction": {"id": "txn_1", "fee": 320, "currency": "usd"}}

    assert stripe.intent_report(intent(latest_charge=charge)).provider_fee == Money.of(320, "USD")
    assert stripe.intent_report(intent(latest_charge="ch_1")).provider_fee is None
    assert stripe.intent_report(intent(latest_charge={"balance_transaction": "txn_1"})).provider_fee is None
    assert stripe.intent_report(intent(latest_charge=None)).provider_fee is None


def test_the_customer_is_told_where_to_confirm() -> None:
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example/3ds"}}

    report = stripe.intent_report(intent(status="requires_action", next_action=action))

    assert report.action == {"type": "redirect_to_url", "url": "https://bank.example/3ds"}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"status": None},
        {"amount": "10000"},
        {"amount": 100.5},
        {"amount": True},
        {"currency": 840},
        {"metadata": []},
        {"id": "pi\0"},
        {"id": "\ud800"},
        {"created": 10**20},
    ],
)
def test_an_intent_of_the_wrong_shape_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        stripe.intent_report(intent(**changes))


@pytest.mark.parametrize(
    ("decline_code", "code", "ours"),
    [
        ("insufficient_funds", "card_declined", "card_insufficient_funds"),
        ("generic_decline", "card_declined", "card_declined"),
        ("lost_card", "card_declined", "card_declined"),
        ("stolen_card", "card_declined", "card_declined"),
        ("fraudulent", "card_declined", "card_declined"),
        (None, "expired_card", "card_expired"),
        (None, "incorrect_cvc", "card_cvc_incorrect"),
        ("authentication_required", "authentication_required", "card_authentication_required"),
        ("invented_tomorrow", "card_declined", "card_declined"),
    ],
)
def test_declines_have_stable_codes_and_a_thief_learns_nothing(decline_code: str, code: str, ours: str) -> None:
    error = stripe.refusal(answer(402, type="card_error", code=code, decline_code=decline_code))

    assert type(error) is contract.Rejected
    assert (error.code, error.provider_code) == (ours, decline_code or code)


@pytest.mark.parametrize(
    ("status", "error", "kind", "code"),
    [
        (401, {"type": "invalid_request_error"}, contract.Unavailable, "provider_auth_failed"),
        (403, {"type": "invalid_request_error"}, contract.Unavailable, "provider_auth_failed"),
        (400, {"type": "invalid_request_error", "code": "amount_too_small"}, contract.Rejected, "provider_rejected"),
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, contract.Rejected, "instrument_invalid"),
        (400, {"type": "idempotency_error"}, contract.OutcomeUnknown, "outcome_unknown"),
        (409, {"type": "invalid_request_error"}, contract.OutcomeUnknown, "outcome_unknown"),
        (400, {}, contract.OutcomeUnknown, "outcome_unknown"),
    ],
)
def test_each_refusal_is_one_of_the_four(
    status: int, error: dict[str, str], kind: type[contract.ProviderError], code: str
) -> None:
    found = stripe.refusal(answer(status, **error))

    assert (type(found), found.code) == (kind, code)


def event(kind: str, subject: dict[str, Any]) -> contract.News:
    body = json.dumps({"id": "evt_1", "type": kind, "data": {"object": subject}}).encode()
    return adapter().parse_webhook(contract.Delivery(body=body, headers={}, verified=True))[0]


@pytest.mark.parametrize(
    ("kind", "status", "stage"),
    [
        ("charge.dispute.created", "needs_response", Stage.DISPUTED),
        ("charge.dispute.funds_withdrawn", "needs_response", Stage.DISPUTED),
        ("charge.dispute.created", "warning_needs_response", Stage.UNMAPPED),
        ("charge.dispute.closed", "won", Stage.UNMAPPED),
        ("charge.dispute.funds_reinstated", "won", Stage.REINSTATED),
        ("charge.dispute.closed", "lost", Stage.UNMAPPED),
    ],
)
def test_a_dispute_is_news_of_its_charge(kind: str, status: str, stage: Stage) -> None:
    dispute = {
        "id": "dp_1",
        "payment_intent": "pi_1",
        "amount": 10_000,
        "currency": "usd",
        "status": status,
        "reason": "fraudulent",
        "created": SIGNED_AT,
    }

    report = event(kind, dispute).report

    assert report is not None
    assert (report.provider_ref, report.incident, report.stage, report.amount, report.raw_status) == (
        ("pi_1", "dp_1", stage, Money.of(10_000, "USD"), f"dispute_{status}")
    )
    assert report.reason == ("reinstated" if stage is Stage.REINSTATED else "fraudulent")


def test_a_dispute_says_what_stripe_takes_for_it() -> None:
    taken = {"fee": 1_500, "currency": "usd", "amount": -10_000, "net": -11_500}
    dispute = {
        "id": "dp_1",
        "payment_intent": "pi_1",
        "amount": 10_000,
        "currency": "usd",
        "status": "needs_response",
        "reason": "fraudulent",
        "created": SIGNED_AT,
        "balance_transactions": [taken],
    }

    took = event("charge.dispute.created", dispute).report
    gave = event("charge.dispute.funds_reinstated", {**dispute, "status": "won"}).report

    assert took is not None
    assert gave is not None
    assert (took.provider_fee, gave.provider_fee) == (Money.of(1_500, "USD"), None)


@pytest.mark.parametrize("kind", ["charge.succeeded", "payout.paid", "customer.created", "payment_intent.created"])
def test_what_is_no_news_of_a_charge_of_ours_says_nothing(kind: str) -> None:
    news = event(kind, dict(intent(status="requires_payment_method").fields))

    assert (news.report, news.query, news.event_id) == (None, None, "evt_1")


def test_the_price_is_the_published_one() -> None:
    order = Order(
        operation=Operation.CHARGE, method="card", key="k", reference="r", amount=Money.of(10_000, "USD"), instrument={}
    )

    assert adapter().quote(order).fee == Money.of(320, "USD")
