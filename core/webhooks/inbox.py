"""Take in what the door has verified: one statement, then a wake-up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import orjson
import structlog

from core.encryption import cipher
from core.kernel import ids
from core.providers.contract import Delivery, News, SignatureInvalid
from core.resilience import rates, statements, wakeups
from core.webhooks.models import Status, WebhookEvent

TASK, QUEUE, WAKE_KEY = "webhooks.drain", "webhooks", "drain:webhooks"
BODY_CONTEXT = "webhooks_webhookevent.body"
REJECTIONS_KEPT = "30/minute"
_KEPT_OF_A_STRANGER = ("content-type", "user-agent", "content-length")
_log = structlog.get_logger(__name__)

_INSERT = """
INSERT INTO webhooks_webhookevent (id, provider, event_id, event_type, provider_ref, body, headers, status, result,
                                   error, tries, due_at, fence, correlation_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '', 0, CASE WHEN %s THEN clock_timestamp() END, 0, %s)
ON CONFLICT (provider, event_id) DO NOTHING RETURNING id
"""


def store(*, provider: str, delivery: Delivery, news: Sequence[News], correlation_id: str) -> bool:
    """Keep a verified delivery and wake the drain; return whether it was new. A doubled one changes nothing.

    Needs: no open transaction, so that it is kept before the provider is told so.
    """
    first = news[0] if news else None
    concerns_us = any(item.report is not None or item.query is not None for item in news)
    values = [
        ids.uuid7(),
        provider,
        (first.event_id if first else "") or _digest(delivery),
        first.event_type if first else "",
        _subject(news),
        cipher.encrypt_bytes(delivery.body, context=BODY_CONTEXT),
        orjson.dumps(dict(delivery.headers)).decode(),
        str(Status.RECEIVED if concerns_us else Status.IGNORED),
        concerns_us,
        correlation_id,
    ]
    is_new = bool(statements.fetch(_INSERT, values))
    if is_new and concerns_us:
        wakeups.wake(task=TASK, queue=QUEUE, key=WAKE_KEY)
    return is_new


def reject(*, provider: str, delivery: Delivery, error: SignatureInvalid, correlation_id: str) -> None:
    """Count a delivery whose signature does not hold, and keep a trace of it, a few a minute at most."""
    _log.warning("webhooks.rejected", provider=provider, code=error.code, bytes=len(delivery.body))
    if not rates.check(f"webhook-rejected:{provider}", limit=REJECTIONS_KEPT).allowed:
        return
    event_id = ids.uuid7()
    WebhookEvent.objects.create(
        id=event_id,
        provider=provider,
        event_id=f"rejected:{event_id.hex}",
        headers={name: delivery.headers[name] for name in _KEPT_OF_A_STRANGER if name in delivery.headers},
        status=Status.REJECTED,
        error=f"{error.code}: {error.detail} {_digest(delivery)}",
        correlation_id=correlation_id,
    )


def _subject(news: Sequence[News]) -> str:
    """Return the provider's id of what the delivery is about, for finding it again."""
    for item in news:
        if item.report is not None:
            return item.report.provider_ref
        if item.query is not None:
            return item.query.provider_ref
    return ""


def _digest(delivery: Delivery) -> str:
    return f"sha256:{hashlib.sha256(delivery.body).hexdigest()}"
