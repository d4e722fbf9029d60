"""Processing the inbox in sets."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Now

from core.orchestration.outcomes import Result
from core.providers import contract
from core.webhooks import drain, inbox, rows
from core.webhooks.models import Status, WebhookEvent
from tests.core.webhooks import acme as provider
from tests.core.webhooks.acme import Acme
from tests.core.webhooks.conftest import Door

pytestmark = pytest.mark.django_db


def keep(adapter: Acme, body: bytes) -> bool:
    delivery = contract.Delivery(body=body, headers={"acme-signature": "good"})
    return inbox.store(
        provider=adapter.code, delivery=delivery, news=adapter.parse_webhook(delivery), correlation_id="corr-1"
    )


def event(event_id: str) -> WebhookEvent:
    return WebhookEvent.objects.get(event_id=event_id)


def test_a_set_is_handed_in_at_once_in_the_order_of_arrival(acme: Acme, door: Door) -> None:
    for number in range(5):
        keep(acme, provider.body(f"e{number}", ref=f"po_{number}"))

    assert drain.process(limit=100) == 5

    assert [[item.report.provider_ref for item in call] for call in door.calls] == [
        ["po_0", "po_1", "po_2", "po_3", "po_4"]
    ]
    assert {(item.provider, item.source) for item in door.calls[0]} == {(acme.code, "webhook")}
    assert door.calls[0][0].event_ref == event("e0").id
    assert set(WebhookEvent.objects.values_list("status", "result", "due_at")) == {("processed", "applied", None)}
    assert drain.process(limit=100) == 0


def test_the_same_event_twice_is_one(acme: Acme, door: Door) -> None:
    assert [keep(acme, provider.body("e1")), keep(acme, provider.body("e1"))] == [True, False]

    assert drain.process(limit=100) == 1
    assert keep(acme, provider.body("e1")) is False
    assert drain.process(limit=100) == 0


def test_the_body_is_not_readable_in_the_database(acme: Acme) -> None:
    keep(acme, provider.body("e1"))

    raw = WebhookEvent.objects.raw("SELECT id, body AS error FROM webhooks_webhookevent")[0]

    assert raw.error.startswith("v1:")
    assert "po_1" not in raw.error
    assert event("e1").body == provider.body("e1")


def test_what_concerns_nothing_of_ours_is_kept_and_not_worked_on(acme: Acme, door: Door) -> None:
    keep(acme, provider.body("e1", kind="other"))

    assert drain.process(limit=100) == 0
    assert (event("e1").status, event("e1").due_at) == ("ignored", None)


def test_thin_events_ask_once_per_object(acme: Acme, door: Door) -> None:
    acme.known["po_1"] = provider.report("po_1")
    for number in range(3):
        keep(acme, provider.body(f"e{number}", kind="thin"))

    drain.process(limit=100)

    assert acme.asked == ["po_1"]
    assert [len(call) for call in door.calls] == [1]
    assert set(WebhookEvent.objects.values_list("status", "result")) == {("processed", "applied")}


def test_how_something_was_settled_is_asked_only_where_it_is_not_known(
    acme: Acme, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain.outcomes, "settled", lambda keys: {"known"} & set(keys))
    acme.known["po_2"] = provider.report("po_2")
    keep(acme, provider.body("e1", ref="po_1", kind="settles", key="known"))
    keep(acme, provider.body("e2", ref="po_2", kind="settles", key="news"))

    drain.process(limit=100)

    assert acme.asked == ["po_2"]
    assert [(event(name).status, event(name).result) for name in ("e1", "e2")] == [
        ("processed", "duplicate"),
        ("processed", "applied"),
    ]


def test_a_silent_provider_is_asked_again_later_and_the_rest_of_the_set_goes_on(acme: Acme, door: Door) -> None:
    acme.known["po_1"] = contract.Unavailable(detail="down")
    keep(acme, provider.body("thin", kind="thin"))
    keep(acme, provider.body("full", ref="po_2"))

    drain.process(limit=100)

    waiting = event("thin")
    assert (waiting.status, waiting.tries, waiting.error) == ("received", 1, "Unavailable: provider_unavailable: down")
    assert waiting.due_at is not None
    assert event("full").status == "processed"


def test_a_provider_that_stays_silent_ends_as_failed(acme: Acme, door: Door) -> None:
    acme.known["po_1"] = contract.Unavailable()
    keep(acme, provider.body("thin", kind="thin"))

    for _ in range(len(drain.AGAIN_S) + 1):
        WebhookEvent.objects.update(due_at=Now())
        drain.process(limit=100)

    # After five failures the breaker asks for us.
    assert (event("thin").status, event("thin").due_at, len(acme.asked)) == ("failed", None, 5)


def test_being_too_fast_waits_as_long_as_told(acme: Acme, door: Door) -> None:
    acme.known["po_1"] = contract.RateLimited(retry_after_s=30)
    keep(acme, provider.body("thin", kind="thin"))

    drain.process(limit=100)

    assert WebhookEvent.objects.filter(due_at__gt=Now() + timedelta(seconds=25), status="received").count() == 1


def test_news_of_an_unknown_operation_is_parked_and_found_again(acme: Acme, door: Door) -> None:
    door.answers["po_1"] = Result.UNKNOWN_OPERATION
    keep(acme, provider.body("e1"))

    drain.process(limit=100)
    parked = event("e1")
    door.answers.clear()
    WebhookEvent.objects.update(due_at=Now())
    drain.process(limit=100)

    assert (parked.status, parked.result, parked.processed_at) == ("parked", "unknown_operation", None)
    assert parked.due_at is not None
    assert (event("e1").status, event("e1").result, event("e1").tries) == ("processed", "applied", 2)


def test_what_nobody_ever_knows_stays_parked_for_a_person(acme: Acme, door: Door) -> None:
    door.answers["po_1"] = Result.UNKNOWN_OPERATION
    keep(acme, provider.body("e1"))

    for _ in range(len(drain.AGAIN_S) + 1):
        WebhookEvent.objects.update(due_at=Now())
        drain.process(limit=100)

    assert (event("e1").status, event("e1").due_at, event("e1").tries) == ("parked", None, len(drain.AGAIN_S) + 1)
    assert len(door.calls) == len(drain.AGAIN_S) + 1


def test_an_object_that_the_provider_denies_is_parked(acme: Acme, door: Door) -> None:
    keep(acme, provider.body("e1", ref="po_404", kind="thin"))

    drain.process(limit=100)

    assert (event("e1").status, door.calls) == ("parked", [])


def test_one_poisonous_report_does_not_stop_its_set(acme: Acme, door: Door) -> None:
    door.answers["po_bad"] = ValueError("a defect")
    keep(acme, provider.body("good1", ref="po_1"))
    keep(acme, provider.body("bad", ref="po_bad"))
    keep(acme, provider.body("good2", ref="po_2"))

    drain.process(limit=100)

    assert {row.event_id: row.status for row in WebhookEvent.objects.all()} == {
        "good1": "processed",
        "bad": "failed",
        "good2": "processed",
    }
    assert event("bad").error == "ValueError: a defect"


def test_a_database_that_hiccups_is_tried_again(acme: Acme, door: Door) -> None:
    door.answers["po_1"] = OperationalError("deadlock detected")
    keep(acme, provider.body("e1"))

    drain.process(limit=100)

    assert (event("e1").status, event("e1").due_at is not None) == ("received", True)


def test_an_event_that_cannot_be_read_fails_alone(acme: Acme, door: Door) -> None:
    keep(acme, provider.body("bad"))
    keep(acme, provider.body("good", ref="po_2"))
    WebhookEvent.objects.filter(event_id="bad").update(headers={}, provider="gone")

    drain.process(limit=100)

    assert set(WebhookEvent.objects.values_list("event_id", "status")) == {("bad", "failed"), ("good", "processed")}


def test_a_claimed_event_is_not_claimed_twice_until_its_lease_ends(acme: Acme) -> None:
    keep(acme, provider.body("e1"))

    first = rows.claim(limit=10)
    while_leased = rows.claim(limit=10)
    WebhookEvent.objects.update(lease_until=Now() - timedelta(seconds=1))
    second = rows.claim(limit=10)

    assert ([row.fence for row in first], while_leased, [row.fence for row in second]) == ([1], [], [2])


def test_a_stale_worker_cannot_write(acme: Acme) -> None:
    keep(acme, provider.body("e1"))
    stale = rows.claim(limit=10)[0]
    WebhookEvent.objects.update(fence=F("fence") + 1)

    written = rows.finish([rows.Finished(id=stale.id, fence=stale.fence, status=Status.PROCESSED)])

    assert (written, event("e1").status) == (0, "received")


def test_a_full_inbox_is_worked_off_in_sets(acme: Acme, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "LIMIT", 10)
    for number in range(25):
        keep(acme, provider.body(f"e{number}", ref=f"po_{number}"))

    assert drain.run() == 25
    assert [len(call) for call in door.calls] == [10, 10, 5]
