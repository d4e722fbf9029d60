"""Numbers without a gap, whoever writes at the same time and whatever rolls back."""

import random
import threading
import uuid
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from core.kernel import errors, ids
from core.outbox import books, streams
from core.outbox.models import StreamHead, StreamRow
from core.outbox.streams import StreamEntry

ANNA, BEN = UUID(int=1), UUID(int=2)


def entry(customer: UUID = ANNA, channel: str = "transactions", **data: object) -> StreamEntry:
    return StreamEntry(customer_id=customer, channel=channel, type="transaction.state_changed", data=data)


def append(*rows: StreamEntry) -> None:
    with transaction.atomic():
        streams.append(rows=rows)


def numbers(customer: UUID, channel: str = "transactions") -> list[int]:
    rows = StreamRow.objects.filter(customer_id=customer, channel=channel).order_by("id")
    return list(rows.values_list("seq", flat=True))


@pytest.mark.django_db
def test_rows_are_numbered_per_stream_in_the_order_given() -> None:
    append(entry(n=1), entry(BEN, n=2), entry(channel="balances", n=3), entry(n=4), entry(n=5))
    append(entry(n=6))

    page = streams.read(customer_id=ANNA, channel="transactions", after_seq=0)
    assert [(row.seq, row.data["n"]) for row in page.rows] == [(1, 1), (2, 4), (3, 5), (4, 6)]
    assert numbers(BEN) == [1]
    assert numbers(ANNA, "balances") == [1]
    assert list(books.breaks()) == []


@pytest.mark.django_db
def test_a_row_carries_its_event_and_what_was_said() -> None:
    ref = ids.uuid7()
    append(StreamEntry(customer_id=ANNA, channel="c", type="t.done", ref=ref, data={"amount": "1.00", "ü": [1]}))

    (row,) = streams.read(customer_id=ANNA, channel="c", after_seq=0).rows

    assert (row.seq, row.type, row.ref, row.data) == (1, "t.done", ref, {"amount": "1.00", "ü": [1]})
    assert row.id.version == 7
    assert StreamRow.objects.get().ref == ref


@pytest.mark.django_db
def test_a_set_is_one_statement_whatever_its_size(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rows = [entry(UUID(int=number % 30 + 1), f"c{number % 3}", n=number) for number in range(900)]

    with transaction.atomic(), django_assert_num_queries(1):
        streams.append(rows=rows)

    assert StreamRow.objects.count() == 900
    assert list(books.breaks()) == []


@pytest.mark.django_db
def test_nothing_to_append_asks_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        streams.append(rows=[])


def test_a_rollback_leaves_no_gap(committed_db: object) -> None:
    def doomed() -> None:
        with transaction.atomic():
            streams.append(rows=[entry(n=2), entry(n=3)])
            raise errors.Refused

    append(entry(n=1))
    with pytest.raises(errors.Refused):
        doomed()
    append(entry(n=4))

    assert numbers(ANNA) == [1, 2]
    assert [row.data for row in StreamRow.objects.order_by("seq")] == [{"n": 1}, {"n": 4}]


def test_a_row_outside_a_transaction_is_refused(committed_db: object) -> None:
    with pytest.raises(errors.SystemFault):
        streams.append(rows=[entry()])
    assert StreamRow.objects.count() == 0


def test_writers_that_share_streams_make_no_gap_and_no_deadlock(committed_db: object) -> None:
    """Eight writers, sets over the same twelve streams in random order, some rolled back, heads not yet there."""
    failures: list[BaseException] = []
    wanted: Counter[tuple[UUID, str]] = Counter()
    lock = threading.Lock()

    def write(seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - a seed makes it repeatable
        try:
            for _ in range(25):
                _write_one_set(rng, wanted, lock)
        except BaseException as fault:  # noqa: BLE001 - told by the assertion below
            failures.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert {(head.customer_id, head.channel): head.seq for head in StreamHead.objects.all()} == dict(wanted)
    assert list(books.breaks()) == []
    for customer, channel in wanted:
        assert sorted(numbers(customer, channel)) == list(range(1, wanted[customer, channel] + 1))


def _write_one_set(rng: random.Random, wanted: Counter[tuple[UUID, str]], lock: threading.Lock) -> None:
    keys = [(UUID(int=rng.randint(1, 4)), rng.choice("abc")) for _ in range(rng.randint(1, 12))]
    try:
        with transaction.atomic():
            streams.append(rows=[entry(customer, channel) for customer, channel in keys])
            if rng.random() < 0.2:
                raise errors.Refused
    except errors.Refused:
        return
    with lock:
        wanted.update(keys)


def test_a_later_number_never_becomes_visible_before_an_earlier_one(committed_db: object) -> None:
    """The second writer waits for the first: a reader that saw 2 and not 1 would have lost 1 for ever."""
    first_wrote, may_commit, second_done = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            streams.append(rows=[entry(n=1)])
            first_wrote.set()
            may_commit.wait(20)
        connection.close()

    def second() -> None:
        first_wrote.wait(20)
        append(entry(n=2))
        second_done.set()
        connection.close()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    first_wrote.wait(20)
    assert not second_done.wait(0.3)
    assert numbers(ANNA) == []
    may_commit.set()
    for thread in threads:
        thread.join()

    page = streams.read(customer_id=ANNA, channel="transactions", after_seq=0)
    assert [(row.seq, row.data) for row in page.rows] == [(1, {"n": 1}), (2, {"n": 2})]


@pytest.mark.django_db
def test_reading_goes_on_after_a_number_a_page_at_a_time() -> None:
    append(*(entry(n=number) for number in range(1, 8)))

    first = streams.read(customer_id=ANNA, channel="transactions", after_seq=2, limit=3)
    rest = streams.read(customer_id=ANNA, channel="transactions", after_seq=5, limit=3)
    end = streams.read(customer_id=ANNA, channel="transactions", after_seq=7)

    assert [row.seq for row in first.rows] == [3, 4, 5]
    assert [row.seq for row in rest.rows] == [6, 7]
    assert end.rows == ()
    assert first.head == rest.head == end.head == streams.heads(customer_id=ANNA)["transactions"]
    assert end.head is not None
    assert end.head.seq == 7


@pytest.mark.django_db
def test_a_stream_that_never_spoke_is_empty() -> None:
    assert streams.read(customer_id=ANNA, channel="x", after_seq=0) == streams.Page(head=None, rows=())
    assert streams.heads(customer_id=ANNA) == {}
    with pytest.raises(streams.Expired):
        streams.read(customer_id=ANNA, channel="x", after_seq=1)


@pytest.mark.django_db
def test_a_number_that_was_never_given_out_needs_a_snapshot() -> None:
    append(entry())

    with pytest.raises(streams.Expired) as refusal:
        streams.read(customer_id=ANNA, channel="transactions", after_seq=2)
    assert refusal.value.code == "resync_required"


@pytest.mark.django_db
def test_an_epoch_stays_the_same_and_differs_between_streams() -> None:
    append(entry(), entry(BEN))
    before = streams.heads(customer_id=ANNA)["transactions"].epoch
    append(entry())

    assert streams.heads(customer_id=ANNA)["transactions"].epoch == before
    assert streams.heads(customer_id=BEN)["transactions"].epoch != before


@pytest.mark.django_db
def test_rows_are_kept_a_day_and_numbers_go_on_after_the_cleanup() -> None:
    append(*(entry(n=number) for number in range(3)))
    _age(hours=25)
    append(entry(n=3))

    assert streams.cleanup() == 3

    assert numbers(ANNA) == [4]
    with pytest.raises(streams.Expired):
        streams.read(customer_id=ANNA, channel="transactions", after_seq=0)
    assert [row.seq for row in streams.read(customer_id=ANNA, channel="transactions", after_seq=3).rows] == [4]
    assert list(books.breaks()) == []
    _age(hours=25)
    assert streams.cleanup() == 1
    append(entry(n=4))
    assert numbers(ANNA) == [5]
    assert list(books.breaks()) == []


@pytest.mark.django_db
def test_nothing_younger_than_a_day_is_deleted() -> None:
    append(entry())
    _age(hours=23.9)

    assert streams.cleanup() == 0


@pytest.mark.django_db
def test_a_channel_may_be_kept_longer_but_never_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_keep", {})
    streams.keep(channel="notifications", period=timedelta(days=7))
    with pytest.raises(ValueError, match="24 hours"):
        streams.keep(channel="transactions", period=timedelta(hours=23))
    append(entry(), entry(channel="notifications"))
    _age(hours=48)

    assert streams.cleanup() == 1

    assert numbers(ANNA, "notifications") == [1]
    _age(hours=24 * 7)
    assert streams.cleanup() == 1


@pytest.mark.django_db
def test_the_books_find_a_gap_and_a_head_that_is_behind() -> None:
    append(*(entry(n=number) for number in range(4)), entry(BEN), entry(BEN))
    StreamRow.objects.filter(customer_id=ANNA, seq=2).delete()
    StreamHead.objects.filter(customer_id=BEN).update(seq=1)

    found = {broken.subject: broken.detail for broken in books.breaks()}

    assert found == {
        f"{ANNA.hex}/transactions": "the head says 4, the rows go from 1 to 4 and are 3",
        f"{BEN.hex}/transactions": "the head says 1, the rows go from 1 to 2 and are 2",
    }


@pytest.mark.django_db
def test_the_layout_of_ids_for_older_servers_is_the_same() -> None:
    """PostgreSQL 18 makes these ids itself; what 15 to 17 get must sort alike."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('outbox_uuid7()'::regprocedure), outbox_uuid7()")
        definition, made = cursor.fetchone()
    assert "uuidv7" in definition or "set_bit" in definition
    assert made.version == 7
    assert abs((made.int >> 80) - (ids.uuid7().int >> 80)) < 5000
    assert made.variant == uuid.RFC_4122


def _age(*, hours: float) -> None:
    """Move all rows back in time: what they say and what their ids say."""
    for row in StreamRow.objects.all():
        moved = UUID(int=row.id.int - (int(hours * 3_600_000) << 80))
        StreamRow.objects.filter(id=row.id).update(id=moved, created_at=row.created_at - timedelta(hours=hours))
