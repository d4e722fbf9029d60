"""One turn of the relay: what it wakes, and how it copes with a probe, a follower or a channel layer that fails."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from core.outbox import due, followers, pokes, relay, streams
from core.outbox.followers import Follower
from core.outbox.streams import StreamEntry
from core.outbox.tail import News
from core.resilience.models import Heartbeat

ANNA = UUID(int=1)
pytestmark = pytest.mark.django_db


class Layer:
    """Takes the place of the channel layer's client: keeps the pokes, or fails as told."""

    def __init__(self) -> None:
        self.poked: list[News] = []
        self.fails = False

    def poke(self, *, news: list[News]) -> None:
        if self.fails:
            raise pokes.NotPoked(detail="down")
        self.poked += news

    def close(self) -> None:
        pass


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the wake-ups that were sent."""
    sent: list[str] = []
    monkeypatch.setattr(relay.wakeups, "send", lambda *, key, **_: sent.append(key))
    monkeypatch.setattr(due, "_probes", {})
    return sent


@pytest.fixture
def one() -> Any:
    made = relay.Relay(stop=threading.Event())
    made._poker.close()
    made._poker = Layer()  # type: ignore[assignment]  # the client of the channel layer, taken out
    made._tail.look()
    return made


def append(*customers: UUID) -> None:
    with transaction.atomic():
        streams.append(
            rows=[StreamEntry(customer_id=one, channel="balances", type="t") for one in customers or (ANNA,)]
        )


def again(one: Any) -> None:
    """Run a turn in which it is time for everything."""
    one._last.clear()
    one.tick()


def test_it_wakes_for_what_is_due_and_for_nothing_else(one: Any, woken: list[str]) -> None:
    due.register("yes", "EXISTS (SELECT 1)", task="t", queue="q", key="yes")
    due.register("no", "EXISTS (SELECT FROM outbox_effect)", task="t", queue="q", key="no")

    one.tick()

    assert woken == ["yes"]
    assert Heartbeat.objects.filter(name="relay").exists()


def test_an_ill_probe_does_not_blind_the_others(one: Any, woken: list[str]) -> None:
    due.register("ill", "EXISTS (SELECT FROM no_such_table)", task="t", queue="q", key="ill")
    due.register("well", "EXISTS (SELECT 1)", task="t", queue="q", key="well")

    _in_savepoints(one)
    again(one)
    again(one)

    assert woken == ["well", "well", "well"]


def _in_savepoints(one: Any) -> None:
    """A failed statement spoils a transaction; the relay has none open, so each of its statements gets a savepoint."""
    plain = relay.ask

    def ask(probes: list[due.Probe]) -> list[bool]:
        with transaction.atomic():
            return plain(probes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay, "ask", ask)
        again(one)


def test_it_hurries_while_there_is_news_and_rests_when_there_is_none(one: Any, woken: list[str]) -> None:
    assert one.tick() == relay.IDLE_S
    append()

    assert one.tick() == relay.BUSY_S

    assert one._poker.poked == [News(customer_id=ANNA, channels=("balances",))]
    one._busy_until = 0.0
    assert one.tick() == relay.IDLE_S


def test_in_a_crowd_it_looks_less_often(one: Any, woken: list[str]) -> None:
    append(*(UUID(int=number) for number in range(1, 30)))
    assert one.tick() == relay.CROWDED_S
    append()
    assert one.tick() == relay.BUSY_S

    assert len(one._poker.poked) == 30


def test_a_poke_that_failed_is_sent_with_the_next_turn(one: Any, woken: list[str]) -> None:
    append()
    one._poker.fails = True
    one.tick()
    assert one._poker.poked == []
    one._poker.fails = False

    one.tick()
    one.tick()

    assert one._poker.poked == [News(customer_id=ANNA, channels=("balances",))]


def test_a_failing_follower_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, ran = threading.Event(), []

    def ill() -> None:
        ran.append("ill")
        raise LookupError("x")

    def well() -> None:
        ran.append("well")
        stop.set()

    monkeypatch.setattr(followers, "_followers", {})
    monkeypatch.setattr(relay.connection, "close", lambda: None)
    followers.register("a ill", ill)
    followers.register("b well", well)

    relay.follow(stop=stop)

    assert ran == ["ill", "well"]


def test_a_lost_database_is_waited_for_with_growing_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    monkeypatch.setattr(relay.connection, "close", lambda: closed.append(1))
    rests: list[float] = []

    class Stop:
        def wait(self, rest_s: float) -> bool:
            rests.append(round(rest_s, 3))
            return len(rests) > 8

    def tick() -> float:
        if len(rests) < 8:
            raise OperationalError("gone")
        return relay.IDLE_S

    relay.keep_on(stop=Stop(), tick=tick)  # type: ignore[arg-type]  # an event that counts

    assert rests == [0, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 0.05]
    assert len(closed) == 8


def test_a_follower_is_locked_by_its_name() -> None:
    seen: list[int] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            seen.append(cursor.fetchone()[0])

    assert followers.run(follower=Follower(name="x", follow=look, every_s=1))
    assert seen == [1]
