"""Real commits: numbers without gaps under concurrent writers, and a snapshot that is of exactly its number."""

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection, transaction

from core.kernel import ids
from core.outbox import snapshots, streams
from core.realtime import feed
from core.realtime.feed import Cursor
from tests.databases import Clone

CHANNEL = "test.count"


def _append(customer_id: UUID, count: int) -> None:
    entry = streams.StreamEntry(customer_id=customer_id, channel=CHANNEL, type="news")
    with transaction.atomic():
        streams.append(rows=[entry] * count)


def _count(customer_id: UUID, params: object) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_streamrow WHERE customer_id = %s", [customer_id])
        return [{"rows": cursor.fetchone()[0]}]


@pytest.fixture(autouse=True)
def channel() -> Iterator[None]:
    snapshots.register(CHANNEL, _count)
    yield
    snapshots.forget(CHANNEL)


def _write(customers: list[UUID], rounds: int) -> None:
    try:
        for number in range(rounds):
            _append(customers[number % len(customers)], 1 + number % 3)
    finally:
        connection.close()


def test_readers_never_see_a_gap_while_writers_race(committed_db: Clone) -> None:
    customers = [ids.uuid7(), ids.uuid7()]
    writers = [threading.Thread(target=_write, args=(customers, 60)) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen: dict[UUID, list[int]] = {customer_id: [] for customer_id in customers}
    while any(writer.is_alive() for writer in writers) or _behind(seen):
        cursors = [Cursor(customer_id, CHANNEL, len(got)) for customer_id, got in seen.items()]
        for cursor, part in feed.read(cursors=cursors).items():
            seen[cursor.customer_id] += [row.seq for row in part.rows]

    assert {c: got == list(range(1, len(got) + 1)) for c, got in seen.items()} == dict.fromkeys(customers, True)
    assert sum(len(got) for got in seen.values()) == 4 * 60 * 2


def _behind(seen: dict[UUID, list[int]]) -> bool:
    return any(streams.heads(customer_id=c)[CHANNEL].seq > len(got) for c, got in seen.items())


def test_a_snapshot_is_of_exactly_its_number(committed_db: Clone) -> None:
    customer_id = ids.uuid7()
    writers = [threading.Thread(target=_write, args=([customer_id], 60)) for _ in range(2)]
    for writer in writers:
        writer.start()
    off = []
    looks = 0
    while any(writer.is_alive() for writer in writers):
        opening = feed.open_stream(customer_id=customer_id, channel=CHANNEL, params={}, resume=None, max_backlog=0)
        looks += 1
        if opening.snapshot != [{"rows": opening.head.seq}]:
            off.append(opening)

    assert looks > 5
    assert off == []
