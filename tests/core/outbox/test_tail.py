"""The end of the streams is found once, also what commits late."""

import threading
from uuid import UUID

import pytest
from django.db import connection, transaction

from core.outbox import streams
from core.outbox.streams import StreamEntry
from core.outbox.tail import CLOSE, NARROW, WIDE, News, Tail

ANNA, BEN = UUID(int=1), UUID(int=2)


def append(customer: UUID, *channels: str) -> None:
    rows = [StreamEntry(customer_id=customer, channel=channel, type="t") for channel in channels]
    with transaction.atomic():
        streams.append(rows=rows)


def look(tail: Tail, *, back: int = NARROW) -> dict[UUID, set[str]]:
    return {news.customer_id: set(news.channels) for news in tail.look(back=back)}


@pytest.mark.django_db
def test_news_is_told_once_per_customer_with_all_channels() -> None:
    tail = Tail()
    assert look(tail) == {}
    append(ANNA, "transactions", "transactions", "balances")
    append(BEN, "balances")

    assert look(tail) == {ANNA: {"transactions", "balances"}, BEN: {"balances"}}
    assert look(tail) == {}
    append(ANNA, "balances")
    assert look(tail) == {ANNA: {"balances"}}
    assert look(tail, back=WIDE) == {}


@pytest.mark.django_db
def test_what_was_not_told_after_all_is_found_again() -> None:
    tail = Tail()
    append(ANNA, "balances")
    (news,) = tail.look()
    tail.untold(news=news)

    assert tail.look() == [News(customer_id=ANNA, channels=("balances",))]
    assert tail.look() == []


@pytest.mark.django_db
def test_rows_from_long_before_the_start_are_not_news() -> None:
    append(ANNA, "balances")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM outbox_streamrow")
        old = UUID(int=cursor.fetchone()[0].int - (60_000 << 80))
        cursor.execute("UPDATE outbox_streamrow SET id = %s, created_at = created_at - interval '1 minute'", [old])

    assert look(Tail(), back=WIDE) == {}


def test_a_commit_that_comes_late_is_found_by_the_wide_look(committed_db: object) -> None:
    wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            streams.append(rows=[StreamEntry(customer_id=ANNA, channel="balances", type="t")])
            wrote.set()
            may_commit.wait(20)
        connection.close()

    tail = Tail()
    thread = threading.Thread(target=slow)
    thread.start()
    wrote.wait(20)
    threading.Event().wait(0.5)
    append(BEN, "balances")
    assert look(tail) == {BEN: {"balances"}}
    may_commit.set()
    thread.join()

    found = look(tail)
    assert found in ({}, {ANNA: {"balances"}})
    assert {**found, **look(tail, back=WIDE)} == {ANNA: {"balances"}}


@pytest.mark.django_db
def test_each_look_goes_as_far_back_as_it_is_told() -> None:
    tail = Tail()
    look(tail)
    append(ANNA, "balances")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM outbox_streamrow")
        cursor.execute("UPDATE outbox_streamrow SET id = %s", [UUID(int=cursor.fetchone()[0].int - (150 << 80))])
    append(BEN, "balances")

    assert look(tail, back=CLOSE) == {BEN: {"balances"}}
    assert look(tail, back=NARROW) == {ANNA: {"balances"}}
    assert look(tail, back=CLOSE) == {}
