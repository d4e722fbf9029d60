"""The inbox in the story of a transaction, and in the books."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from core.api import explain
from core.kernel import ids
from core.outbox import due
from core.providers import contract
from core.resilience import checks as components
from core.webhooks import checks, drain, inbox
from core.webhooks.models import WebhookEvent
from tests.core.orchestration import world
from tests.core.webhooks import acme as provider
from tests.core.webhooks.acme import Acme
from tests.core.webhooks.conftest import Door

pytestmark = pytest.mark.django_db


def keep(adapter: Acme, event_id: str, *, ref: str, kind: str = "full") -> None:
    delivery = contract.Delivery(body=provider.body(event_id, ref=ref, kind=kind), headers={"acme-signature": "good"})
    inbox.store(provider=adapter.code, delivery=delivery, news=adapter.parse_webhook(delivery), correlation_id="")


def test_the_story_tells_which_webhooks_came_about_a_transaction(acme: Acme, door: Door) -> None:
    owner, other = world.customer("eve", units=5_000), world.customer("dan")
    moved = world.start(owner, world.wish("transfer", "10.00", to=other))
    attempt = world.Attempt.objects.create(
        transaction_id=moved,
        leg="charge",
        provider=acme.code,
        operation="charge",
        method="card",
        key="k1",
        provider_ref="po_1",
        units=10_000,
        asset="USD",
    )
    keep(acme, "e1", ref=attempt.provider_ref)
    keep(acme, "e2", ref="po_of_somebody_else")
    WebhookEvent.objects.create(provider="another", event_id="e3", provider_ref="po_1", status="ignored")
    drain.process(limit=10)

    told = explain.collect(moved)["webhooks"]

    event = WebhookEvent.objects.get(event_id="e1")
    assert [(one["id"], one["provider"], one["type"], one["status"]) for one in told] == [
        (ids.render(ids.Prefix.WEBHOOK, event.id), acme.code, "full", "processed")
    ]
    assert told[0]["received_at"] <= told[0]["processed_at"]


def test_an_event_that_nobody_takes_is_a_break(acme: Acme) -> None:
    keep(acme, "fresh", ref="po_1")
    keep(acme, "late", ref="po_2")
    WebhookEvent.objects.filter(event_id="late").update(due_at=Now() - timedelta(minutes=11))

    assert [(found.check, found.subject) for found in checks.breaks()] == [("webhooks", f"{acme.code}:late")]


def test_an_inbox_that_is_slow_is_not_well(acme: Acme) -> None:
    keep(acme, "fresh", ref="po_1")
    well = components.run("webhooks")
    WebhookEvent.objects.update(due_at=Now() - timedelta(minutes=2))
    slow = components.run("webhooks")

    assert (well.ok, well.critical, well.detail) == (True, False, "nothing waits")
    assert (slow.ok, "1 events wait" in slow.detail) == (False, True)


def test_the_relay_looks_for_due_events() -> None:
    probe = next(probe for probe in due.probes() if probe.name == "webhooks.due")

    assert (probe.task, probe.queue, probe.key) == (inbox.TASK, inbox.QUEUE, inbox.WAKE_KEY)
