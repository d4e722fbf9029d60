"""What only cards do: declines, 3-D Secure, fees, disputes; over real HTTP, with the webhooks that follow."""

import dataclasses

import pytest
import requests

from banking.providers.stripe import Credentials, StripeAdapter
from core.kernel import clock
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Delivery, Stage
from tests.contracts import subjects
from tests.contracts.subjects import Subject
from tests.sandbox import rig
from tests.sandbox.rig import Receiver, Sandbox, eventually

pytestmark = pytest.mark.django_db
BACK = "https://app.example/back"


@pytest.fixture
def subject(sandbox: Sandbox) -> Subject:
    return subjects.build(code="stripe", sandbox=sandbox)


@pytest.fixture
def adapter(sandbox: Sandbox) -> StripeAdapter:
    credentials = Credentials(
        base_url=sandbox.url,
        api_key=rig.STRIPE_KEY,
        webhook_secrets=rig.STRIPE_SECRETS,
        allowed_hosts=subjects.LOOPBACK,
        return_url=BACK,
    )
    return StripeAdapter(credentials=credentials, clock=clock.SYSTEM, limits=subjects.LIMITS)


def news(adapter: StripeAdapter, receiver: Receiver, ref: str, kind: str) -> contract.Report:
    """Wait for one kind of event about an intent and return what it reports, asking where it is thin."""

    def found() -> contract.Report | None:
        for got in receiver.about(ref):
            for item in adapter.parse_webhook(Delivery(body=got.body, headers=got.headers)):
                if item.event_type == kind:
                    return item.report if item.query is None else adapter.status(item.query)
        return None

    report: contract.Report = eventually(found)
    return report


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "card_expired"),
        ("pm_card_chargeDeclinedIncorrectCvc", "card_cvc_incorrect"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined"),
    ],
)
def test_a_declined_card_says_why_and_takes_nothing(
    adapter: StripeAdapter, subject: Subject, token: str, code: str
) -> None:
    order = subject.order("declined", token=token)

    with pytest.raises(contract.Rejected) as caught:
        adapter.submit(order)

    assert caught.value.code == code
    assert subject.executed(order) == []
    # The decline is what the key stands for from now on.
    report = adapter.status(subjects.query(order))
    assert (report.stage, report.reason) == (Stage.DECLINED, code)


def test_the_fee_comes_with_the_answer(adapter: StripeAdapter, subject: Subject) -> None:
    report = adapter.submit(subject.order(units=10_000))

    assert (report.stage, report.provider_fee) == (Stage.SETTLED, Money.of(320, "USD"))
    assert adapter.quote(subject.order(units=10_000)).fee == report.provider_fee


def test_3d_secure_sends_the_customer_to_the_bank_and_settles_after_it(
    adapter: StripeAdapter, subject: Subject, receiver: Receiver
) -> None:
    order = subject.order("3ds", token="pm_card_authenticationRequired")
    report = adapter.submit(order)

    assert (report.stage, report.action["type"]) == (Stage.ACTION_REQUIRED, "redirect_to_url")
    assert subject.executed(order) == []
    answer = requests.post(report.action["url"], data={"outcome": "success"}, allow_redirects=False, timeout=5)

    assert answer.headers["location"].startswith(BACK)
    settled = news(adapter, receiver, report.provider_ref, "payment_intent.succeeded")
    assert (settled.stage, settled.key) == (Stage.SETTLED, order.key)
    assert len(subject.executed(order)) == 1
    # The first answer is what a replay tells; the present state is what we must hear.
    assert adapter.status(subjects.query(order)).stage is Stage.SETTLED


def test_a_customer_who_fails_at_the_bank_is_declined(
    adapter: StripeAdapter, subject: Subject, receiver: Receiver
) -> None:
    order = subject.order("3dsno", token="pm_card_authenticationRequired")
    report = adapter.submit(order)

    requests.post(report.action["url"], data={"outcome": "failure"}, allow_redirects=False, timeout=5)

    declined = news(adapter, receiver, report.provider_ref, "payment_intent.payment_failed")
    assert (declined.stage, declined.reason) == (Stage.DECLINED, "card_authentication_required")
    assert subject.executed(order) == []


def test_what_waits_for_the_customer_can_be_cancelled(adapter: StripeAdapter, subject: Subject) -> None:
    order = subject.order("3dscancel", token="pm_card_authenticationRequired")
    ref = adapter.submit(order).provider_ref

    report = adapter.cancel(subjects.query(order, provider_ref=ref))

    assert (report.stage, report.provider_ref) == (Stage.CANCELED, ref)
    assert adapter.cancel(subjects.query(order, provider_ref=ref)).stage is Stage.CANCELED
    assert subject.executed(order) == []


def test_a_dispute_is_news_of_its_charge_and_a_won_one_settles_nothing(
    adapter: StripeAdapter, subject: Subject, receiver: Receiver, sandbox: Sandbox
) -> None:
    order = subject.order("dispute")
    ref = adapter.submit(order).provider_ref
    dispute = sandbox.control("POST", "disputes", {"payment_intent": ref, "reason": "fraudulent"})

    opened = news(adapter, receiver, ref, "charge.dispute.created")
    sandbox.control("POST", "disputes", {"dispute": dispute["id"], "outcome": "won"})
    closed = news(adapter, receiver, ref, "charge.dispute.closed")

    assert (opened.stage, opened.amount, opened.reason) == (Stage.DISPUTED, order.amount, "fraudulent")
    assert (closed.stage, closed.raw_status) == (Stage.UNMAPPED, "dispute_won")


def test_past_the_keys_lifetime_a_charge_is_still_found(adapter: StripeAdapter, subject: Subject) -> None:
    order = subject.order("search")
    ref = adapter.submit(order).provider_ref
    question = dataclasses.replace(subjects.query(order), order=None)

    assert adapter.status(question).provider_ref == ref
    assert len(subject.executed(order)) == 1
