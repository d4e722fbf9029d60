"""Sends queued e-mails in batches, over one connection each, and tries again what failed.

A mail server cannot be asked whether it has a message already, so a crash between its answer and our commit sends one
twice. The Message-ID is the same both times, by which mail programs show it once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from smtplib import SMTPException
from uuid import UUID

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from core.kernel import ids
from core.notifications import wording
from core.notifications.models import Email
from core.resilience import retry

TASK = "notifications.send_emails"
QUEUE = "notifications"
KEY = "notifications.emails"
DUE = "EXISTS (SELECT FROM notifications_email WHERE state = 'queued' AND due_at <= (SELECT clock_timestamp()))"
BATCH = 50
MAX_TRIES = 6
LEASE_S = 120.0
LONGEST_WAIT_S = 600.0
_SQL = Path(__file__).parent / "sql"
_CLAIM, _SETTLE = (_SQL / "claim.sql").read_text(), (_SQL / "settle.sql").read_text()
_log = structlog.get_logger(__name__)
_rng = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Claim:
    """One e-mail in our hands; ``tries`` is the fencing number."""

    id: UUID
    tries: int
    title: str
    body: str
    transaction_id: UUID | None
    name: str
    address: str
    is_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it."""

    claim: Claim
    state: Email.State
    wait_s: float = 0.0
    error: str = ""


def send_due(*, limit: int = BATCH) -> int:
    """Send a batch of what is due; return how many were taken."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"limit": limit, "lease_s": LEASE_S})
        claims = [Claim(*row) for row in cursor.fetchall()]
    if claims:
        _settle(_send(sorted(claims, key=lambda claim: claim.id)))
    return len(claims)


def _send(claims: Sequence[Claim]) -> list[Outcome]:
    skipped = [Outcome(claim=claim, state=Email.State.SKIPPED) for claim in claims if not claim.is_wanted]
    wanted = [claim for claim in claims if claim.is_wanted]
    if not wanted:
        return skipped
    server = mail.get_connection(fail_silently=False)
    try:
        server.open()
    except (OSError, SMTPException) as fault:
        return skipped + [_failed(claim, fault) for claim in wanted]
    try:
        return skipped + [_send_one(server, claim) for claim in wanted]
    finally:
        server.close()


def _send_one(server: BaseEmailBackend, claim: Claim) -> Outcome:
    try:
        server.send_messages([compose(claim)])
    except (OSError, SMTPException, ValueError) as fault:
        return _failed(claim, fault)
    return Outcome(claim=claim, state=Email.State.SENT)


def _failed(claim: Claim, fault: Exception) -> Outcome:
    is_dead = claim.tries >= MAX_TRIES
    _log.warning("notifications.email_failed", notification=claim.id.hex, tries=claim.tries, dead=is_dead)
    return Outcome(
        claim=claim,
        state=Email.State.FAILED if is_dead else Email.State.QUEUED,
        wait_s=30.0 + retry.delay_s(tries=claim.tries + 4, rng=_rng, cap_s=LONGEST_WAIT_S),
        error=f"{type(fault).__name__}: {fault}"[:500],
    )


def compose(claim: Claim) -> mail.EmailMessage:
    """Return the message: plain text, nothing that needs a page to be fetched."""
    sender = settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2] or "diboas.invalid"
    about = [f"Transaction {ids.render(ids.Prefix.TRANSACTION, claim.transaction_id)}"] if claim.transaction_id else []
    paragraphs = [wording.GREETING.format(name=" ".join(claim.name.split())), claim.body, *about, wording.CLOSING]
    return mail.EmailMessage(
        subject=claim.title,
        body="\n\n".join(paragraphs) + "\n",
        from_email=sender,
        to=[claim.address],
        headers={"Message-ID": f"<{claim.id.hex}@{domain}>", "Auto-Submitted": "auto-generated"},
    )


def _settle(outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "id": one.claim.id.hex,
            "tries": one.claim.tries,
            "state": one.state.value,
            "wait_s": one.wait_s,
            "error": one.error,
        }
        for one in outcomes
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"outcomes": json.dumps(rows)})


def check() -> str:
    """Say how many e-mails wait, for the health page."""
    waiting = Email.objects.filter(state=Email.State.QUEUED).count()
    failed = Email.objects.filter(state=Email.State.FAILED).count()
    return f"{waiting} waiting, {failed} failed for good"
