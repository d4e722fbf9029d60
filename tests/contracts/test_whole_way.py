"""From the provider's process to our books: real adapters, real webhooks through the real door, the real engine."""

import random
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.test import Client

from core.audit import books
from core.ledger import queries
from core.orchestration.models import Transaction
from core.providers import registry
from core.webhooks import drain
from core.webhooks.models import WebhookEvent
from tests.contracts import subjects
from tests.core.orchestration import world
from tests.sandbox.rig import Got, Receiver, Sandbox, eventually

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_platform_of_its_own(sandbox: Sandbox, own_memory: None) -> Iterator[None]:
    """Speak to the sandbox, with Redis keys and copies of one's own, and prove the books afterwards."""
    limits = subjects.IMPATIENT
    with registry.replaced(
        subjects.stripe(url=sandbox.url, limits=limits), subjects.increase(url=sandbox.url, limits=limits)
    ):
        yield
        assert [str(one) for one in books.run()] == []


def deliver(got: Got) -> int:
    """Put a webhook through our door as it came; the sandbox's path is the provider's code."""
    answer = Client().post(
        f"/webhooks{got.path}", got.body, content_type="application/json", headers=_signed_headers(got)
    )
    return answer.status_code


def _signed_headers(got: Got) -> dict[str, str]:
    return {name: value for name, value in got.headers.items() if "signature" in name or name.startswith("webhook-")}


def ref_of(transaction_id: UUID) -> str:
    return world.attempts(transaction_id)[0].provider_ref


def state(transaction_id: UUID) -> str:
    return Transaction.objects.values_list("state", flat=True).get(id=transaction_id)


def executed(sandbox: Sandbox, transaction_id: UUID) -> list[int]:
    key = world.attempts(transaction_id)[0].key
    return [row["amount"] for row in sandbox.book(key=key) if row["operation"] in {"charge", "payout"}]


def journal() -> list[tuple[str, int]]:
    return sorted((row.name, row.total.units) for row in queries.trial_balance())


def test_a_charge_whose_answer_is_lost_is_completed_once_by_its_webhook(sandbox: Sandbox, receiver: Receiver) -> None:
    owner = world.customer("ada")
    sandbox.fault(provider="stripe", operation="charge", fault="timeout_after", delay_ms=3000, times=1)

    deposit = world.start(owner, world.wish("deposit", "100.00", by=world.card(owner)))
    world.work()
    unknown = world.attempts(deposit)[0]
    got = eventually(lambda: [got for got in receiver.about(unknown.key) if b"succeeded" in got.body])

    assert (unknown.state, unknown.provider_ref) == ("UNKNOWN", "")
    assert [deliver(got[0]), deliver(got[0])] == [200, 200]
    assert drain.process(limit=10) == 1
    world.work()

    assert state(deposit) == "COMPLETED"
    assert executed(sandbox, deposit) == [10_000]
    assert world.figures(owner)[0] > 9_000
    assert WebhookEvent.objects.get(provider="stripe").result == "applied"
    # No event says what Stripe kept: 2.9 % and 0.30. Without asking, our books would have more there than Stripe has.
    assert world.system("ext:stripe:pending") == -(10_000 - 320)


def test_a_payout_is_followed_by_thin_webhooks_to_its_settlement(sandbox: Sandbox, receiver: Receiver) -> None:
    payout = withdrawal(receiver)

    assert state(payout) == "COMPLETED"
    assert len(executed(sandbox, payout)) == 1
    assert WebhookEvent.objects.filter(provider="increase", status="processed").count() >= 1


def test_everything_again_twice_and_shuffled_changes_nothing(sandbox: Sandbox, receiver: Receiver) -> None:
    payout = withdrawal(receiver)
    before = (journal(), state(payout), Transaction.objects.count())
    received = receiver.about(ref_of(payout)) * 2
    random.Random(7).shuffle(received)  # noqa: S311 must be repeatable

    assert {deliver(got) for got in received} == {200}
    WebhookEvent.objects.update(status="received", due_at="2020-01-01T00:00:00Z", tries=0)
    drain.run()
    world.work()

    assert (journal(), state(payout), Transaction.objects.count()) == before
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert set(WebhookEvent.objects.values_list("result", flat=True)) <= {"duplicate", "stale"}


def test_a_return_after_settlement_becomes_a_reversal(sandbox: Sandbox, receiver: Receiver) -> None:
    payout = withdrawal(receiver)
    owner_id = Transaction.objects.get(id=payout).customer_id
    ref = ref_of(payout)
    known = len(receiver.about(ref))
    sandbox.increase().simulations.ach_transfers.return_(ref, reason="no_account")
    eventually(lambda: len(receiver.about(ref)) > known)

    for got in receiver.about(ref)[known:]:
        deliver(got)
    drain.run()
    world.work()

    child = Transaction.objects.get(parent_id=payout)
    assert (child.kind, child.state, child.reason) == ("reversal", "COMPLETED", "bank_account_not_found")
    assert child.customer_id == owner_id
    assert state(payout) == "COMPLETED"


def test_news_of_somebody_elses_payment_is_parked(sandbox: Sandbox, receiver: Receiver) -> None:
    subject = subjects.build(code="stripe", sandbox=sandbox)
    ref = subject.adapter().submit(subject.order("foreign")).provider_ref
    got = eventually(lambda: receiver.about(ref))[0]

    assert deliver(got) == 200
    drain.run()

    row = WebhookEvent.objects.get()
    assert (row.status, row.result, row.provider_ref) == ("parked", "unknown_operation", ref)


def withdrawal(receiver: Receiver) -> UUID:
    """Pay out, and follow it by webhooks alone until it is settled."""
    owner = world.customer("bob", units=50_000)
    world.cover()
    payout = world.start(owner, world.wish("withdrawal", "100.00", by=world.bank(owner)))
    world.work()
    seen = 0

    def settled() -> bool:
        nonlocal seen
        received = receiver.about(ref_of(payout))
        for got in received[seen:]:
            assert deliver(got) == 200
        seen = len(received)
        WebhookEvent.objects.filter(due_at__isnull=False).update(due_at="2020-01-01T00:00:00Z")
        drain.run()
        world.work()
        return state(payout) == "COMPLETED"

    eventually(settled)
    return payout
