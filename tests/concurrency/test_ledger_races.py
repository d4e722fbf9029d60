"""Races on the ledger: real threads, real connections, real commits. No verdict may be wrong, nobody may wait for ever.

``RACE_FACTOR`` multiplies the attempts (the long run: 20, which is 10,000 double spends).
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connection, connections

from core.kernel.ids import uuid7
from core.ledger import accounts, books, posting, queries, sweeps
from core.ledger.models import Entry, Hold, SystemDelta
from core.ledger.movements import CaptureHold, Movement, OpenLot, PinHold, PlaceHold, ReleaseHold, Ruling
from tests.core.ledger.build import BANK, FEE, Person, apply, entry, figures, hold, move, person
from tests.databases import Clone

FACTOR = int(os.environ.get("RACE_FACTOR", "1"))
T = TypeVar("T")
_NOTHING = timedelta(0)
pytestmark = pytest.mark.timeout(600)


def race(work: Callable[[int], T], *, writers: int) -> list[T]:
    """Let every writer loose at the same moment, each on a connection of its own."""
    start = threading.Barrier(writers)

    def run(number: int) -> T:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '60s'")
            start.wait(60)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


def ruling(movement: Movement) -> Ruling:
    return posting.post(movements=[movement])[movement.ref].ruling


def test_double_spend_attempts_spend_what_there_is_and_no_more(committed_db: Clone) -> None:
    ann, bob = person(units=100), person()
    attempts = 500 * FACTOR

    def spend(_: int) -> Counter[Ruling]:
        return Counter(ruling(move(entry(ann.usd, -7, bob.usd, 7))) for _ in range(attempts // 10))

    seen = sum(race(spend, writers=10), Counter[Ruling]())

    assert seen == {Ruling.OK: 14, Ruling.INSUFFICIENT_FUNDS: attempts - 14}
    assert (figures(ann), figures(bob)) == ((2, 0, 0, 0), (98, 0, 0, 0))
    assert list(books.breaks()) == []


def test_sets_that_overspend_together_are_ruled_on_one_by_one(committed_db: Clone) -> None:
    ann, bob = person(units=1000), person()

    def spend(_: int) -> Counter[Ruling]:
        return Counter(apply(*[move(entry(ann.usd, -9, bob.usd, 9)) for _ in range(50)]))

    seen = sum(race(spend, writers=8), Counter[Ruling]())

    assert seen == {Ruling.OK: 111, Ruling.INSUFFICIENT_FUNDS: 8 * 50 - 111}
    assert (figures(ann), figures(bob)) == ((1, 0, 0, 0), (999, 0, 0, 0))
    assert list(books.breaks()) == []


def test_sixty_four_writers_on_one_balance(committed_db: Clone) -> None:
    ann = person(units=64 * 5)

    seen = race(lambda _: [ruling(move(entry(ann.usd, -1, BANK, 1))) for _ in range(5)], writers=64)

    assert Counter(one for many in seen for one in many) == {Ruling.OK: 320}
    assert figures(ann) == (0, 0, 0, 0)
    assert queries.system_balance(account=BANK).units == 320
    assert list(books.breaks()) == []


def test_one_key_from_many_writers_is_posted_once(committed_db: Clone) -> None:
    ann, bob = person(units=1000), person()

    seen = race(lambda _: ruling(move(entry(ann.usd, -5, bob.usd, 5, key="once"))), writers=32)

    assert Counter(seen) == {Ruling.OK: 1, Ruling.DUPLICATE: 31}
    assert figures(bob) == (5, 0, 0, 0)
    assert Entry.objects.filter(key="once").count() == 1


def test_one_key_without_any_customers_lock_is_posted_once(committed_db: Clone) -> None:
    accounts.ensure([BANK, FEE])

    seen = race(lambda _: ruling(move(entry(BANK, -5, FEE, 5, key="fee"))), writers=16)

    assert Counter(seen) == {Ruling.OK: 1, Ruling.DUPLICATE: 15}
    assert queries.system_balance(account=FEE).units == 5
    assert list(books.breaks()) == []


def test_capture_release_and_expiry_of_one_hold_race_to_one_end(committed_db: Clone) -> None:
    ann = person(units=300)

    for _ in range(5):
        hold_id = hold(ann, 40)
        seen = race(_endings(ann, hold_id), writers=9)
        assert sorted(seen)[:8] == [Ruling.HOLD_NOT_OPEN] * 8
        assert sorted(seen)[8] == Ruling.OK

    spent = 40 * Hold.objects.filter(outcome="captured").count()
    assert figures(ann) == (300 - spent, 0, 0, 0)
    assert list(books.breaks()) == []


def _endings(ann: Person, hold_id: UUID) -> Callable[[int], Ruling]:
    def end(number: int) -> Ruling:
        match number % 3:
            case 0:
                return ruling(move(entry(ann.usd, -40, BANK, 40), CaptureHold(hold_id=hold_id, units=40)))
            case 1:
                return ruling(move(ReleaseHold(hold_id=hold_id)))
            case _:
                return ruling(move(ReleaseHold(hold_id=hold_id, outcome="expired")))

    return end


def test_crossing_transfers_in_sets_never_deadlock(committed_db: Clone) -> None:
    people = [person(units=1000) for _ in range(6)]
    deadlocks_before = _deadlocks()

    def cross(number: int) -> Counter[Ruling]:
        rng = random.Random(number)  # noqa: S311 - repeatable on purpose
        seen: Counter[Ruling] = Counter()
        for _ in range(10 * FACTOR):
            pairs = [rng.sample(people, 2) for _ in range(10)]
            seen.update(apply(*[move(entry(a.usd, -1, b.usd, 1)) for a, b in pairs]))
        return seen

    seen = sum(race(cross, writers=8), Counter[Ruling]())

    assert seen == {Ruling.OK: 800 * FACTOR}
    assert sum(figures(one)[0] for one in people) == 6000
    assert _deadlocks() == deadlocks_before
    assert list(books.breaks()) == []


def test_holds_lots_pins_and_sweeps_side_by_side_never_deadlock(committed_db: Clone) -> None:
    people = [person(units=500) for _ in range(4)]
    deadlocks_before = _deadlocks()

    def live(number: int) -> int:
        rng = random.Random(number)  # noqa: S311 - repeatable on purpose
        for _ in range(12 * FACTOR):
            if number == 0:
                sweeps.close_lots(limit=10)
                sweeps.roll_up(limit=20)
            else:
                _live_a_little(rng, people)
        return number

    race(live, writers=6)

    assert all(figures(one)[0] >= figures(one)[1] for one in people)
    assert _deadlocks() == deadlocks_before
    assert list(books.breaks()) == []


def _live_a_little(rng: random.Random, people: list[Person]) -> None:
    holds = [(rng.choice(people), uuid7()) for _ in range(4)]
    apply(*[move(PlaceHold(hold_id=hold_id, account=one.usd, units=5, leaves=True)) for one, hold_id in holds])
    apply(*[move(PinHold(hold_id=hold_id)) for _, hold_id in reversed(holds)])
    instant = OpenLot(lot_id=uuid7(), account=holds[0][0].usd, units=3, lifetime=_NOTHING)
    apply(
        *[move(entry(one.usd, -5, BANK, 5), CaptureHold(hold_id=hold_id, units=5)) for one, hold_id in holds[:2]],
        *[move(ReleaseHold(hold_id=hold_id)) for _, hold_id in holds[2:]],
        move(instant),
    )


def test_roll_up_beside_writers_loses_no_delta(committed_db: Clone) -> None:
    ann = person(units=10_000)

    def work(number: int) -> int:
        for _ in range(15):
            if number == 0:
                sweeps.roll_up(limit=7)
            else:
                ruling(move(entry(ann.usd, -1, FEE, 1)))
        return number

    race(work, writers=6)
    while sweeps.roll_up(limit=100):
        pass

    assert SystemDelta.objects.count() == 0
    assert queries.system_balance(account=FEE).units == 75
    assert list(books.breaks()) == []


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
