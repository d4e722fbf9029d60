"""Process an event of the inbox again, because a person says so."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from core.audit import audit
from core.kernel import errors, ids
from core.resilience import wakeups
from core.webhooks import inbox
from core.webhooks.models import Status, WebhookEvent


class NotReplayable(errors.Conflict):
    """The event was never verified, or its body is not there."""

    default_code = "not_replayable"


def replay(*, event_id: UUID, actor: str, reason: str, request_id: str = "") -> None:
    """Put an event back in line, to be read by today's code. It was verified when it came, so it is not again.

    Raises: NotFound; NotReplayable for a rejected delivery.
    """
    with transaction.atomic():
        event = WebhookEvent.objects.select_for_update().filter(id=event_id).defer("body").first()
        if event is None:
            raise errors.NotFound(detail="There is no such event.")
        if event.status == Status.REJECTED:
            raise NotReplayable(detail="Its signature did not hold: it is not news.")
        # The fence keeps out a worker that still has it.
        WebhookEvent.objects.filter(id=event_id).update(
            status=Status.RECEIVED, due_at=Now(), tries=0, fence=F("fence") + 1, lease_until=None, error=""
        )
        audit.record(
            actor=actor,
            action="webhook.replayed",
            target=ids.render(ids.Prefix.WEBHOOK, event_id),
            reason=reason,
            before={"status": event.status, "result": event.result},
            after={"status": Status.RECEIVED.value},
            request_id=request_id,
        )
        wakeups.wake(task=inbox.TASK, queue=inbox.QUEUE, key=inbox.WAKE_KEY)
