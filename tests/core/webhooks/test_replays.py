"""Replaying events of the inbox."""

import uuid

import pytest

from core.audit.models import AuditRecord
from core.kernel import errors, ids
from core.orchestration.outcomes import Result
from core.providers import contract
from core.webhooks import drain, inbox, replays, rows
from core.webhooks.models import Status, WebhookEvent
from tests.core.webhooks import acme as provider
from tests.core.webhooks.acme import Acme
from tests.core.webhooks.conftest import Door

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(acme: Acme) -> WebhookEvent:
    delivery = contract.Delivery(body=provider.body("e1"), headers={"acme-signature": "good"})
    news = acme.parse_webhook(delivery)
    inbox.store(provider=acme.code, delivery=delivery, news=news, correlation_id="")
    return WebhookEvent.objects.get()


def test_a_replayed_event_is_processed_again_and_the_reason_is_kept(kept: WebhookEvent, door: Door) -> None:
    drain.process(limit=10)
    door.answers["po_1"] = Result.DUPLICATE

    replays.replay(event_id=kept.id, actor="staff:7", reason="looked odd")
    drain.process(limit=10)

    kept.refresh_from_db()
    assert (kept.status, kept.result, len(door.calls)) == ("processed", "duplicate", 2)
    record = AuditRecord.objects.get(action="webhook.replayed")
    assert (record.actor, record.reason, record.target) == (
        ("staff:7", "looked odd", ids.render(ids.Prefix.WEBHOOK, kept.id))
    )


def test_a_rejected_delivery_is_never_replayed(kept: WebhookEvent) -> None:
    WebhookEvent.objects.update(status=Status.REJECTED, due_at=None)

    with pytest.raises(replays.NotReplayable):
        replays.replay(event_id=kept.id, actor="staff:7", reason="please")

    kept.refresh_from_db()
    assert (kept.status, kept.due_at) == ("rejected", None)
    assert not AuditRecord.objects.filter(action="webhook.replayed").exists()


def test_a_replay_takes_the_event_out_of_a_workers_hands(kept: WebhookEvent) -> None:
    claimed = rows.claim(limit=1)[0]

    replays.replay(event_id=kept.id, actor="staff:7", reason="stuck")

    assert rows.finish([rows.Finished(id=kept.id, fence=claimed.fence, status=Status.PROCESSED)]) == 0
    assert [row.id for row in rows.claim(limit=1)] == [kept.id]


def test_an_event_that_is_not_there_is_not_found() -> None:
    with pytest.raises(errors.NotFound):
        replays.replay(event_id=uuid.uuid4(), actor="staff:7", reason="?")
