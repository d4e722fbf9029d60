"""Our adapter for Stripe against a Stripe that others wrote: localstripe (GPL, a tool of the tests, never shipped).

It ignores idempotency keys, so nothing here rests on them.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from banking.providers.stripe import Credentials, StripeAdapter
from core.kernel import clock
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, Query, Stage
from tests.sandbox.rig import Got, Receiver, eventually, free_port

pytestmark = pytest.mark.django_db
KEY = "sk_test_12345"
SECRET = "whsec_localstripe"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    log = tmp_path_factory.mktemp("localstripe") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "localstripe", "--port", str(port), "--from-scratch"],
            stdout=output,
            stderr=output,
            cwd=log.parent,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _is_up(process, address, log), timeout_s=20)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def adapter(url: str) -> StripeAdapter:
    credentials = Credentials(
        base_url=url, api_key=KEY, webhook_secrets=[SECRET], allowed_hosts=frozenset({"127.0.0.1"})
    )
    return StripeAdapter(credentials=credentials, clock=clock.SYSTEM)


def _is_up(process: subprocess.Popen[bytes], address: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return requests.get(f"{address}/v1/balance", auth=(KEY, ""), timeout=2).status_code < 500
    except requests.ConnectionError:
        return False


def card(url: str, number: str) -> str:
    """Return the token of a new card."""
    form = {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2040",
        "card[cvc]": "123",
    }
    answer = requests.post(f"{url}/v1/payment_methods", data=form, auth=(KEY, ""), timeout=5)
    assert answer.ok, answer.text
    return str(answer.json()["id"])


def order(token: str, *, units: int = 12_345) -> Order:
    return Order(
        operation=Operation.CHARGE,
        method="card",
        key="txn_1:charge:stripe",
        reference="txn_1",
        amount=Money.of(units, "USD"),
        instrument={"token": token},
    )


def query(ref: str) -> Query:
    return Query(operation=Operation.CHARGE, key="txn_1:charge:stripe", reference="txn_1", provider_ref=ref)


def test_a_charge_succeeds_and_shows_its_fee(adapter: StripeAdapter, url: str) -> None:
    report = adapter.submit(order(card(url, "4242424242424242")))

    assert (report.stage, report.amount, report.key, report.reference) == (
        (Stage.SETTLED, Money.of(12_345, "USD"), "txn_1:charge:stripe", "txn_1")
    )
    current = adapter.status(query(report.provider_ref))
    assert (current.stage, current.provider_ref) == (Stage.SETTLED, report.provider_ref)


def test_a_declined_card_is_rejected(adapter: StripeAdapter, url: str) -> None:
    with pytest.raises(contract.Rejected) as caught:
        adapter.submit(order(card(url, "4000000000000341")))

    assert caught.value.code == "card_declined"


def test_a_card_that_does_not_exist_is_rejected(adapter: StripeAdapter) -> None:
    with pytest.raises(contract.Rejected) as caught:
        adapter.submit(order("pm_nothing_like_this"))

    assert caught.value.code in {"instrument_invalid", "provider_rejected"}


def test_3d_secure_asks_the_customer_and_can_be_cancelled(adapter: StripeAdapter, url: str) -> None:
    report = adapter.submit(order(card(url, "4000002500003155")))

    assert (report.stage, report.action["type"]) == (Stage.ACTION_REQUIRED, "use_stripe_sdk")
    assert adapter.cancel(query(report.provider_ref)).stage is Stage.CANCELED
    assert adapter.status(query(report.provider_ref)).stage is Stage.CANCELED


def test_a_charge_that_is_done_cannot_be_cancelled(adapter: StripeAdapter, url: str) -> None:
    ref = adapter.submit(order(card(url, "4242424242424242"))).provider_ref

    assert adapter.cancel(query(ref)).stage is Stage.SETTLED


def test_its_signed_webhooks_are_read(adapter: StripeAdapter, url: str, receiver: Receiver) -> None:
    settings = {
        "url": f"http://127.0.0.1:{receiver.port}/localstripe",
        "secret": SECRET,
        "events[]": "payment_intent.succeeded",
    }
    requests.post(f"{url}/_config/webhooks/ours", data=settings, timeout=5).raise_for_status()

    ref = adapter.submit(order(card(url, "4242424242424242"))).provider_ref
    got: list[Got] = eventually(lambda: [got for got in receiver.about(ref) if got.path == "/localstripe"])
    news: Any = adapter.parse_webhook(contract.Delivery(body=got[0].body, headers=got[0].headers))[0]

    assert (news.event_type, news.query.provider_ref) == ("payment_intent.succeeded", ref)
    assert adapter.status(news.query).stage is Stage.SETTLED
    with pytest.raises(contract.SignatureInvalid):
        adapter.parse_webhook(contract.Delivery(body=got[0].body + b" ", headers=got[0].headers))


def test_the_probe_reads_its_balance(adapter: StripeAdapter) -> None:
    adapter.probe()
