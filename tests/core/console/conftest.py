"""What the tests of the console share: nothing kept from another test, and a little of everything to look at."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import transaction

from core.audit import audit, books
from core.compliance.models import Case
from core.console import memo
from core.identity import rate_limits
from core.identity.customers import CustomerView
from core.orchestration.models import DeadLetter
from core.providers import registry
from core.providers.contract import Operation, Stage
from core.webhooks.models import Status, WebhookEvent
from tests.core.orchestration import fakes, world


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A withdrawal at a provider, a transfer that is held up, a dead letter and a failed webhook."""

    owner: CustomerView
    paid: UUID
    held: UUID
    case: UUID
    letter: UUID
    webhook: UUID


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(own_memory: None) -> None:
    memo.forget()
    rate_limits.rate_limits.forget()


@pytest.fixture
def bank() -> Generator[fakes.FakeProvider]:
    provider = fakes.FakeProvider(capabilities=(fakes.capability(Operation.PAYOUT, "ach"),))
    with registry.replaced(provider):
        yield provider


@pytest.fixture
def scene(db: None, bank: fakes.FakeProvider) -> Generator[Scene]:
    """Let each of them happen through the services; the books must hold afterwards."""
    owner = world.customer(f"c{secrets.token_hex(5)}", units=500_000)
    listed = world.customer(f"c{secrets.token_hex(5)}", name="Ximena Tenebrosa Quimera")
    world.cover()
    bank.submits.append(fakes.said(Stage.ACCEPTED, ref="ach_transfer_77"))
    paid = world.start(owner, world.wish("withdrawal", "50.00", by=world.bank(owner)), reference="order-77")
    stopped = world.start(owner, world.wish("transfer", "20.00", to=listed))
    world.work()
    letter = DeadLetter.objects.create(
        transaction_id=paid, source="outcome", category="RECOVERABLE", error="no_answer", detail="asked five times"
    )
    webhook = WebhookEvent.objects.create(
        provider=bank.code, event_id="evt_1", event_type="payout.settled", status=Status.FAILED, error="boom"
    )
    with transaction.atomic():
        audit.record(actor="system:test", action="test.began", target="system:test", reason="so that there is one")
    case = Case.objects.get(transaction_id=stopped)
    yield Scene(owner=owner, paid=paid, held=stopped, case=case.pk, letter=letter.pk, webhook=webhook.pk)
    assert [str(one) for one in books.run()] == []
