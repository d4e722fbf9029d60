"""E-mails: sent in batches, tried again, given up with a reason, never sent by two at once."""

from __future__ import annotations

import smtplib
import threading

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from core.identity.customers import CustomerView
from core.notifications import inbox, mailing
from core.notifications.models import Email, Notification
from tests.core.notifications.payloads import payload
from tests.core.realtime import callers
from tests.databases import Clone


class Refusing(EmailBackend):
    """Refuses messages to addresses that begin with ``bad``; ``is_down`` refuses to connect."""

    is_down = False

    def open(self) -> bool:
        if self.is_down:
            raise ConnectionRefusedError("no mail server")
        return True

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:  # type: ignore[override]  # ours are a list
        if any(to.startswith("bad") for message in messages for to in message.to):
            raise smtplib.SMTPRecipientsRefused({"bad": (550, b"no such user")})
        return super().send_messages(messages)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> type[Refusing]:
    monkeypatch.setattr(mail, "get_connection", lambda **_: Refusing())
    monkeypatch.setattr(Refusing, "is_down", False)
    return Refusing


def _states() -> list[tuple[str, int]]:
    return sorted(Email.objects.values_list("state", "tries"))


def _make_due() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_email SET due_at = due_at - interval '1 hour'")


@pytest.mark.django_db
def test_an_email_says_what_the_notification_says(customer: CustomerView) -> None:
    given = payload(customer.id)
    inbox.take([given])
    row = Notification.objects.get()

    assert mailing.send_due() == 1

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([customer.email], "Your deposit has arrived")
    assert sent.extra_headers["Message-ID"] == f"<{row.id.hex}@diboas.example>"
    assert sent.body.startswith(
        "Hello Feed Reader,\n\nYour deposit of 100.00 USD is in your balance.\n\nTransaction txn_"
    )
    assert given["transaction_id"] in sent.body
    assert _states() == [("sent", 1)]


@pytest.mark.django_db
def test_what_was_sent_is_not_sent_again(customer: CustomerView) -> None:
    inbox.take([payload(customer.id) for _ in range(3)])

    assert (mailing.send_due(), mailing.send_due(), len(mail.outbox)) == (3, 0, 3)


@pytest.mark.django_db
def test_batches_are_bounded(customer: CustomerView) -> None:
    inbox.take([payload(customer.id) for _ in range(5)])

    assert [mailing.send_due(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(mail.outbox) == 5


@pytest.mark.django_db
def test_a_wish_that_changed_meanwhile_is_respected(customer: CustomerView) -> None:
    inbox.take([payload(customer.id)])
    callers.prefer(customer, email_notifications=False)

    mailing.send_due()

    assert (mail.outbox, _states()) == ([], [("skipped", 1)])


@pytest.mark.django_db
def test_one_refused_address_stops_nobody_else(customer: CustomerView, refusing: type[Refusing]) -> None:
    bad = callers.make(email=f"bad-{customer.handle}@example.com")
    inbox.take([payload(bad.id), payload(customer.id)])

    mailing.send_due()

    assert [message.to for message in mail.outbox] == [[customer.email]]
    assert _states() == [("queued", 1), ("sent", 1)]
    assert "SMTPRecipientsRefused" in Email.objects.get(state="queued").last_error
    assert mailing.send_due() == 0


@pytest.mark.django_db
def test_a_mail_server_that_is_down_is_tried_later_and_given_up_with_a_reason(
    customer: CustomerView, refusing: type[Refusing]
) -> None:
    refusing.is_down = True
    inbox.take([payload(customer.id)])

    tries = 0
    while Email.objects.filter(state="queued").exists():
        tries += mailing.send_due()
        _make_due()

    assert tries == mailing.MAX_TRIES
    assert _states() == [("failed", 6)]
    assert "ConnectionRefusedError" in Email.objects.get().last_error


@pytest.mark.django_db
def test_who_lost_his_lease_writes_nothing(customer: CustomerView, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.take([payload(customer.id)])

    def slow(claims: list[mailing.Claim]) -> list[mailing.Outcome]:
        Email.objects.update(tries=2)  # another has taken it over meanwhile
        return [mailing.Outcome(claim=claim, state=Email.State.SENT) for claim in claims]

    monkeypatch.setattr(mailing, "_send", slow)
    mailing.send_due()

    assert _states() == [("queued", 2)]


@pytest.mark.django_db
def test_the_name_cannot_break_out_of_its_line(customer: CustomerView) -> None:
    claim = mailing.Claim(
        customer.id, 1, "Title", "Body.", None, "Eve\r\nBcc: all@example.com", "eve@example.com", True
    )

    message = mailing.compose(claim).message()

    assert message["Bcc"] is None
    assert "Hello Eve Bcc: all@example.com," in message.get_payload()


def test_two_senders_share_the_work(committed_db: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = callers.make()
    inbox.take([payload(customer.id) for _ in range(40)])
    sent: list[str] = []
    monkeypatch.setattr(mailing, "_send_one", lambda _, claim: _note(sent, claim))
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        while mailing.send_due(limit=5):
            pass
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(sent), len(set(sent))) == (40, 40)
    assert _states() == [("sent", 1)] * 40


def _note(sent: list[str], claim: mailing.Claim) -> mailing.Outcome:
    sent.append(claim.id.hex)
    return mailing.Outcome(claim=claim, state=Email.State.SENT)
