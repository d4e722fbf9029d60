"""Reading many streams at once, resuming by number, and opening with a snapshot of exactly that number."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection, transaction

from core.kernel import ids
from core.outbox import snapshots, streams
from core.realtime import feed
from core.realtime.feed import PUBLIC, Cursor, Head, Slice
from core.realtime.wire.inbound import Resume

pytestmark = pytest.mark.django_db
CHANNEL = "test.news"


@pytest.fixture(autouse=True)
def channel() -> Iterator[None]:
    snapshots.register(CHANNEL, lambda customer_id, params: [{"of": customer_id.hex, **params}])
    yield
    snapshots.forget(CHANNEL)


def _append(customer_id: UUID, *numbers: int, channel: str = CHANNEL) -> None:
    entries = [
        streams.StreamEntry(customer_id=customer_id, channel=channel, type="news", data={"n": number})
        for number in numbers
    ]
    with transaction.atomic():
        streams.append(rows=entries)


def _read_one(customer_id: UUID, after: int, *, page: int = feed.PAGE) -> Slice:
    cursor = Cursor(customer_id, CHANNEL, after)
    return feed.read(cursors=[cursor], page=page)[cursor]


def _open(customer_id: UUID, resume: Resume | None, *, max_backlog: int = 100) -> feed.Opening:
    return feed.open_stream(
        customer_id=customer_id, channel=CHANNEL, params={"p": 1}, resume=resume, max_backlog=max_backlog
    )


def test_rows_follow_the_cursor_without_a_gap() -> None:
    customer_id = ids.uuid7()
    _append(customer_id, 10, 20, 30)

    part = _read_one(customer_id, 1)

    assert [(row.seq, row.type, row.data) for row in part.rows] == [(2, "news", {"n": 20}), (3, "news", {"n": 30})]
    assert part.head.seq == 3


def test_many_streams_cost_one_statement(django_assert_num_queries: object) -> None:
    customers = [ids.uuid7() for _ in range(20)]
    for number, customer_id in enumerate(customers):
        _append(customer_id, number, number)
    cursors = [Cursor(customer_id, CHANNEL, 1) for customer_id in customers]

    with django_assert_num_queries(1):  # type: ignore[operator]  # pytest-django's fixture has no public type
        found = feed.read(cursors=cursors)

    assert [found[cursor].rows[0].data for cursor in cursors] == [{"n": number} for number in range(20)]


def test_a_page_ends_and_the_head_says_that_there_is_more() -> None:
    customer_id = ids.uuid7()
    _append(customer_id, *range(5))

    part = _read_one(customer_id, 0, page=2)

    assert ([row.seq for row in part.rows], part.head.seq) == ([1, 2], 5)


def test_a_stream_without_rows_has_no_epoch() -> None:
    assert _read_one(ids.uuid7(), 0) == Slice(Head(None, 0), ())


def test_rows_are_completed_by_their_channel_in_one_call() -> None:
    first, second = ids.uuid7(), ids.uuid7()
    calls = []

    def complete(rows: list[tuple[UUID, dict[str, object]]]) -> list[dict[str, object]]:
        calls.append(len(rows))
        return [{**data, "for": customer_id.hex} for customer_id, data in rows]

    snapshots.register(CHANNEL, lambda *_: [], complete=complete)  # type: ignore[arg-type]  # a list is enough here
    _append(first, 1, 2)
    _append(second, 3)

    found = feed.read(cursors=[Cursor(first, CHANNEL, 0), Cursor(second, CHANNEL, 0)])

    assert calls == [3]
    assert [row.data for row in found[Cursor(first, CHANNEL, 0)].rows] == [
        {"n": 1, "for": first.hex},
        {"n": 2, "for": first.hex},
    ]
    assert [row.data for row in found[Cursor(second, CHANNEL, 0)].rows] == [{"n": 3, "for": second.hex}]


def test_resume_goes_on_from_the_clients_number() -> None:
    customer_id = ids.uuid7()
    _append(customer_id, 1, 2, 3)
    epoch = _read_one(customer_id, 0).head.epoch

    opening = _open(customer_id, Resume(epoch=epoch, seq=2))

    assert opening == feed.Opening(Head(epoch, 2), None)


def test_resume_at_the_head_and_before_the_first_row() -> None:
    customer_id = ids.uuid7()
    before = _open(customer_id, Resume(epoch=None, seq=0))
    _append(customer_id, 1)
    epoch = _read_one(customer_id, 0).head.epoch

    assert before == feed.Opening(Head(None, 0), None)
    assert _open(customer_id, Resume(epoch=None, seq=0)) == feed.Opening(Head(epoch, 0), None)
    assert _open(customer_id, Resume(epoch=epoch, seq=1)) == feed.Opening(Head(epoch, 1), None)


@pytest.mark.parametrize("case", ["other_epoch", "ahead", "cleaned", "too_far", "no_epoch"])
def test_what_cannot_be_resumed_gets_a_snapshot(case: str) -> None:
    customer_id = ids.uuid7()
    _append(customer_id, *range(1, 8))
    epoch = _read_one(customer_id, 0).head.epoch
    if case == "cleaned":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM outbox_streamrow WHERE customer_id = %s AND seq <= 5", [customer_id])
    resume = {
        "other_epoch": Resume(epoch=ids.uuid7(), seq=3),
        "ahead": Resume(epoch=epoch, seq=8),
        "cleaned": Resume(epoch=epoch, seq=3),
        "too_far": Resume(epoch=epoch, seq=1),
        "no_epoch": Resume(epoch=None, seq=3),
    }[case]

    opening = _open(customer_id, resume, max_backlog=5)

    assert opening == feed.Opening(Head(epoch, 7), [{"of": customer_id.hex, "p": 1}])


def test_a_public_channel_is_one_stream_for_all() -> None:
    snapshots.register(CHANNEL, lambda *_: [], is_public=True)
    _append(PUBLIC, 1)

    assert _open(ids.uuid7(), None).head.seq == 1


def test_somebody_elses_stream_is_never_read() -> None:
    mine, other = ids.uuid7(), ids.uuid7()
    _append(other, 1, 2)

    assert _open(mine, None) == feed.Opening(Head(None, 0), [{"of": mine.hex, "p": 1}])
    assert _read_one(mine, 0).rows == ()


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(snapshots.UnknownChannel):
        feed.open_stream(customer_id=ids.uuid7(), channel="weather", params={}, resume=None, max_backlog=1)
