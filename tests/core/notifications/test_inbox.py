"""Notifications are written once per event and customer, with their stream row and e-mail, or not at all."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from core.identity.customers import CustomerView
from core.kernel import ids
from core.notifications import inbox
from core.notifications.models import Email, Notification
from core.outbox import effects, snapshots, streams
from tests.core.notifications.payloads import payload
from tests.core.realtime import callers
from tests.databases import Clone


def _told(customer: CustomerView) -> list[str]:
    return list(Notification.objects.filter(customer_id=customer.id).order_by("id").values_list("title", flat=True))


def _feed(customer: CustomerView) -> list[streams.Row]:
    return list(streams.read(customer_id=customer.id, channel="notifications", after_seq=0).rows)


@pytest.mark.django_db
def test_a_change_of_status_is_told_in_the_app_the_feed_and_by_mail(customer: CustomerView) -> None:
    given = payload(customer.id)

    inbox.take([given])

    row = Notification.objects.get()
    assert (row.customer_id, row.type, row.title) == (customer.id, "transaction.completed", "Your deposit has arrived")
    assert ids.render(ids.Prefix.TRANSACTION, row.transaction_id) == given["transaction_id"]
    assert list(Email.objects.values_list("notification_id", "state", "tries")) == [(row.id, "queued", 0)]
    (news,) = _feed(customer)
    assert (news.seq, news.type, ids.render(ids.Prefix.EVENT, news.ref)) == (
        1,
        "notification.created",
        given["event_id"],
    )  # type: ignore[arg-type]  # there is a ref
    assert news.data == inbox.shown(row)


@pytest.mark.django_db
def test_an_event_tells_each_customer_once(customer: CustomerView) -> None:
    other = callers.make()
    sent = payload(customer.id, kind="transfer")
    received = {**sent, "customer_id": other.id.hex, "role": "recipient"}

    inbox.take([sent, received, sent])
    inbox.take([received, sent])

    assert (_told(customer), _told(other)) == (["You sent money"], ["You received money"])
    assert (len(_feed(customer)), len(_feed(other)), Email.objects.count()) == (1, 1, 2)


@pytest.mark.django_db
def test_a_set_costs_as_many_statements_as_one(customer: CustomerView, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):  # savepoint, write, append, release
        inbox.take([payload(customer.id) for _ in range(40)])

    assert [row.seq for row in _feed(customer)] == list(range(1, 41))


@pytest.mark.django_db
@pytest.mark.parametrize(("wish", "mails"), [(True, 1), (False, 0), (None, 1)])
def test_mail_is_sent_unless_it_is_not_wanted(customer: CustomerView, wish: bool | None, mails: int) -> None:
    callers.prefer(customer, **({} if wish is None else {"email_notifications": wish}))

    inbox.take([payload(customer.id)])

    assert (Notification.objects.count(), Email.objects.count()) == (1, mails)


@pytest.mark.django_db
def test_an_unknown_customer_harms_nobody_elses_notification(customer: CustomerView) -> None:
    inbox.take([payload(ids.uuid7()), payload(customer.id)])

    assert (len(_told(customer)), Notification.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_broken_payload_is_an_error_and_writes_nothing(customer: CustomerView) -> None:
    with pytest.raises(KeyError):
        inbox.take([payload(customer.id), {"event_id": ids.new(ids.Prefix.EVENT)}])

    assert Notification.objects.count() == 0


@pytest.mark.django_db
def test_reading_is_noted_once_and_told_to_other_devices(customer: CustomerView) -> None:
    inbox.take([payload(customer.id)])
    row = Notification.objects.get()

    first = inbox.mark_read(customer_id=customer.id, notification_id=row.id)
    second = inbox.mark_read(customer_id=customer.id, notification_id=row.id)

    assert first.read_at is not None
    assert second.read_at == first.read_at
    assert [news.type for news in _feed(customer)] == ["notification.created", "notification.read"]


@pytest.mark.django_db
def test_the_snapshot_is_the_newest_fifty(customer: CustomerView) -> None:
    inbox.take([payload(customer.id, amount=f"{number}.00") for number in range(60)])

    found = snapshots.get("notifications").snapshot(customer.id, {})

    assert len(found) == 50
    assert [row["id"] for row in found] == sorted((row["id"] for row in found), reverse=True)


def test_two_drains_at_once_tell_once(committed_db: Clone) -> None:
    customer = callers.make()
    given = [payload(customer.id) for _ in range(10)]
    start = threading.Barrier(4)

    def take() -> None:
        start.wait()
        inbox.take(given)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(_told(customer)) == 10
    assert [row.seq for row in _feed(customer)] == list(range(1, 11))


def test_effects_reach_the_customer_through_the_drain(committed_db: Clone) -> None:
    customer = callers.make()
    with transaction.atomic():
        effects.add(rows=[effects.EffectEntry(topic="transaction.status", payload=payload(customer.id))])

    done = effects.drain()

    assert (done, _told(customer)) == (1, ["Your deposit has arrived"])
    assert effects.drain() == 0
