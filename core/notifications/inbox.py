"""Notifications: written in sets from effects, listed, read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from core.kernel import errors, ids
from core.kernel.clock import rfc3339
from core.notifications import messages
from core.notifications.models import Notification
from core.outbox import streams
from core.resilience import statements

TOPIC = "transaction.status"
CHANNEL = "notifications"
SNAPSHOT_SIZE = 50
_WRITE = (Path(__file__).parent / "sql" / "write.sql").read_text()


class NotificationNotFound(errors.NotFound):
    """There is no such notification, or it is somebody else's."""

    default_code = "notification_not_found"


def take(payloads: list[dict[str, Any]]) -> None:
    """Tell customers of changes of status: notification, e-mail row and stream row in one commit, each event once.

    Shape: payloads of the effect ``transaction.status``; may be called again with the same ones.
    """
    rows = _rows(payloads)
    if not rows:
        return
    with transaction.atomic():
        written = statements.fetch(_WRITE, [json.dumps(list(rows.values()))])
        streams.append(rows=[_news(rows[id_.hex], at) for id_, at in sorted(written)])


def _rows(payloads: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    rows = {}
    for payload in payloads:
        happening = messages.Happening.read(payload)
        said = messages.message(happening)
        if said is None:
            continue
        id_ = ids.uuid7().hex
        rows[id_] = {
            "id": id_,
            "customer": happening.customer_id.hex,
            "event": happening.event_id.hex,
            "transaction": happening.transaction_id.hex,
            "type": said.type,
            "title": said.title,
            "body": said.body,
            "data": said.data,
        }
    return rows


def _news(row: Mapping[str, Any], at: datetime) -> streams.StreamEntry:
    data = {
        "id": f"{ids.Prefix.NOTIFICATION.value}_{row['id']}",
        "notification_type": row["type"],
        "title": row["title"],
        "body": row["body"],
        "transaction_id": f"{ids.Prefix.TRANSACTION.value}_{row['transaction']}",
        "details": row["data"],
        "created_at": rfc3339(at),
        "read_at": None,
    }
    customer_id, event_id = UUID(row["customer"]), UUID(row["event"])
    return streams.StreamEntry(
        customer_id=customer_id, channel=CHANNEL, type="notification.created", ref=event_id, data=data
    )


def of_customer(*, customer_id: UUID, unread_only: bool = False) -> QuerySet[Notification]:
    """Return a customer's notifications, unordered."""
    rows = Notification.objects.filter(customer_id=customer_id)
    return rows.filter(read_at=None) if unread_only else rows


def mark_read(*, customer_id: UUID, notification_id: UUID) -> Notification:
    """Note that the customer has read this, and tell his other devices. A second time changes nothing.

    Raises: NotificationNotFound.
    """
    mine = Notification.objects.filter(customer_id=customer_id, id=notification_id)
    with transaction.atomic():
        is_news = mine.filter(read_at=None).update(read_at=Now())
        row = mine.first()
        if row is None:
            raise NotificationNotFound(detail="There is no such notification.")
        if is_news:
            streams.append(
                rows=[
                    streams.StreamEntry(
                        customer_id=customer_id, channel=CHANNEL, type="notification.read", data=shown(row)
                    )
                ]
            )
    return row


def snapshot(customer_id: UUID, params: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the newest fifty notifications, newest first, as the feed shows them."""
    del params
    return [shown(row) for row in of_customer(customer_id=customer_id).order_by("-id")[:SNAPSHOT_SIZE]]


def shown(row: Notification) -> dict[str, object]:
    """Return a notification as the API and the feed show it."""
    return {
        "id": ids.render(ids.Prefix.NOTIFICATION, row.id),
        "notification_type": row.type,
        "title": row.title,
        "body": row.body,
        "transaction_id": row.transaction_id and ids.render(ids.Prefix.TRANSACTION, row.transaction_id),
        "details": row.data,
        "created_at": rfc3339(row.created_at),
        "read_at": row.read_at and rfc3339(row.read_at),
    }
