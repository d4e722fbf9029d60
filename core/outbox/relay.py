"""The relay: pokes sockets when streams have news, wakes workers when something is due, and runs the followers.

Everything it does is a hint or is found again by looking, so it may die, stand still or run twice.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

import structlog
from django.db import Error as DatabaseError
from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from core.outbox import due, followers, pokes, tail
from core.resilience import heartbeats, statements, wakeups

NAME = "relay"
BUSY_S, CROWDED_S, IDLE_S, DUE_S, NARROW_S, WIDE_S, BEAT_S = 0.005, 0.015, 0.05, 0.05, 0.05, 1.0, 2.0
_CROWD = 5  # customers with news in one look: from here on fewer looks save more than they delay
_BUSY_FOR_S = 1.0
_LONGEST_REST_S = 2.0
_ILL_PROBE_S = 10.0
_log = structlog.get_logger(__name__)


class Relay:
    """The loop that pokes and wakes; the followers run beside it in a thread of their own."""

    def __init__(self, *, stop: threading.Event) -> None:
        self._stop = stop
        self._tail = tail.Tail()
        self._poker = pokes.Poker()
        self._last: dict[str, float] = {}
        self._busy_until = 0.0
        self._busy_rest_s = BUSY_S
        self._ill: dict[str, float] = {}

    def run(self) -> None:
        """Run until told to stop. A lost database or Redis is waited for, with growing rests."""
        beside = threading.Thread(target=follow, kwargs={"stop": self._stop}, name="followers")
        beside.start()
        try:
            keep_on(stop=self._stop, tick=self.tick)
        finally:
            self._stop.set()
            beside.join()
            self._poker.close()

    def tick(self) -> float:
        """Do what it is time for, and return how long to rest."""
        self._tell_news(back=self._how_far_back())
        if self._is_time("due", DUE_S):
            self._wake_due()
        if self._is_time("beat", BEAT_S):
            heartbeats.beat(name=NAME, detail=f"pid {os.getpid()}")
        return self._busy_rest_s if time.monotonic() < self._busy_until else IDLE_S

    def _how_far_back(self) -> int:
        """Rows of the last moments are read again and again, so the looks that go far back are few."""
        if self._is_time("wide", WIDE_S):
            return tail.WIDE
        return tail.NARROW if self._is_time("narrow", NARROW_S) else tail.CLOSE

    def _tell_news(self, *, back: int) -> None:
        news = self._tail.look(back=back)
        if not news:
            return
        self._busy_until = time.monotonic() + _BUSY_FOR_S
        self._busy_rest_s = CROWDED_S if len(news) > _CROWD else BUSY_S
        try:
            self._poker.poke(news=news)
        except pokes.NotPoked as fault:
            _log.warning("relay.not_poked", customers=len(news), error=fault.detail)
            for one in news:
                self._tail.untold(news=one)
            self._stop.wait(IDLE_S)

    def _wake_due(self) -> None:
        now = time.monotonic()
        probes = [probe for probe in due.probes() if self._ill.get(probe.name, 0.0) < now]
        for probe, is_due in zip(probes, self._answers(probes), strict=True):
            if is_due:
                wakeups.send(task=probe.task, queue=probe.queue, key=probe.key)

    def _answers(self, probes: list[due.Probe]) -> list[bool]:
        """Ask all probes in one statement; when it fails, one by one, so that an ill one does not blind the others."""
        try:
            return ask(probes)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            return [self._answer(probe) for probe in probes]

    def _answer(self, probe: due.Probe) -> bool:
        try:
            return ask([probe])[0]
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as fault:
            _log.error("relay.ill_probe", probe=probe.name, error=str(fault))
            self._ill[probe.name] = time.monotonic() + _ILL_PROBE_S
            return False

    def _is_time(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, -every_s) < every_s:
            return False
        self._last[what] = now
        return True


def ask(probes: list[due.Probe]) -> list[bool]:
    """Return the answers of the probes, in their order."""
    if not probes:
        return []
    sql, values = due.question(of=probes)
    (answers,) = statements.fetch(sql, values)
    return [bool(answer) for answer in answers]


def follow(*, stop: threading.Event) -> None:
    """Run each follower when its rest is over, until told to stop; one that fails does not hold up the others."""
    last: dict[str, float] = {}

    def tick() -> float:
        for follower in followers.all_of_them():
            if time.monotonic() - last.get(follower.name, -follower.every_s) >= follower.every_s:
                last[follower.name] = time.monotonic()
                _run_follower(follower)
        return IDLE_S

    keep_on(stop=stop, tick=tick)


def _run_follower(follower: followers.Follower) -> None:
    try:
        followers.run(follower=follower)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the other followers go on
        _log.exception("relay.follower_failed", follower=follower.name)


def keep_on(*, stop: threading.Event, tick: Callable[[], float]) -> None:
    """Call ``tick`` again and again, resting as long as it says, and longer each time while the database is away."""
    rest_s = 0.0
    while not stop.wait(rest_s):
        try:
            rest_s = tick()
        except (OperationalError, InterfaceError) as fault:
            rest_s = min(_LONGEST_REST_S, max(0.1, rest_s * 2))
            _log.warning("relay.database_away", error=str(fault), again_in_s=rest_s)
            with contextlib.suppress(DatabaseError):
                connection.close()
    connection.close()
