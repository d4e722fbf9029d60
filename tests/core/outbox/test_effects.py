"""An effect is carried out at least once, a poisonous one harms no other, and none is ever lost."""

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction

from core.kernel import errors
from core.outbox import books, effects
from core.outbox.effects import EffectEntry
from core.outbox.models import Effect

Payloads = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No handler but the test's, and no broker: wake-ups are hints."""
    monkeypatch.setattr(effects, "_handlers", {})
    monkeypatch.setattr(effects.wakeups, "send", lambda **_: False)


class Recorder:
    """A handler that keeps what it was given, and refuses what it is told to."""

    def __init__(self, *bad: int) -> None:
        self.sets: list[list[int]] = []
        self.done: list[int] = []
        self.bad = set(bad)

    def __call__(self, payloads: Payloads) -> None:
        given = [payload["n"] for payload in payloads]
        self.sets.append(given)
        if self.bad & set(given):
            raise ConnectionError(f"cannot do {sorted(self.bad & set(given))}")
        self.done += given


def add(*values: int, topic: str = "mail") -> None:
    with transaction.atomic():
        effects.add(rows=[EffectEntry(topic=topic, payload={"n": value}) for value in values])


def make_due() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_effect SET due_at = clock_timestamp() WHERE state = 'pending'")


@pytest.mark.django_db
def test_effects_are_carried_out_in_a_set_and_then_gone() -> None:
    handler = Recorder()
    effects.register("mail", handler)
    add(1, 2, 3)

    assert effects.drain() == 3

    assert handler.sets == [[1, 2, 3]]
    assert Effect.objects.count() == 0
    assert effects.drain() == 0
    assert handler.sets == [[1, 2, 3]]


@pytest.mark.django_db
def test_the_handler_gets_an_id_to_tell_repeats_by() -> None:
    seen: Payloads = []
    effects.register("mail", seen.extend)
    add(1)
    effect_id = Effect.objects.get().id.hex

    effects.drain()

    assert seen == [{"n": 1, "effect_id": effect_id}]


@pytest.mark.django_db
def test_one_poisonous_effect_harms_no_other() -> None:
    handler = Recorder(2)
    effects.register("mail", handler)
    add(1, 2, 3)

    assert effects.drain() == 2

    assert handler.done == [1, 3]
    left = Effect.objects.get()
    assert (left.payload, left.state, left.tries) == ({"n": 2}, "pending", 1)
    assert left.last_error == "ConnectionError: cannot do [2]"


@pytest.mark.django_db
def test_a_failed_effect_waits_and_is_tried_again() -> None:
    handler = Recorder(1)
    effects.register("mail", handler)
    add(1)
    effects.drain()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_effect SET due_at = clock_timestamp() + interval '1 second'")
    assert effects.drain() == 0
    assert handler.sets == [[1]]

    make_due()
    handler.bad.clear()

    assert effects.drain() == 1
    assert Effect.objects.count() == 0


@pytest.mark.django_db
def test_out_of_tries_it_is_kept_for_a_person_and_can_be_replayed() -> None:
    handler = Recorder(1)
    effects.register("mail", handler)
    add(1)
    for _ in range(effects.MAX_TRIES + 3):
        make_due()
        effects.drain()

    dead = Effect.objects.get()
    assert (dead.state, dead.tries, len(handler.sets)) == ("dead", effects.MAX_TRIES, effects.MAX_TRIES)
    assert dead.last_error == "ConnectionError: cannot do [1]"
    (broken,) = books.breaks()
    assert broken.detail == "dead after 8 tries: ConnectionError: cannot do [1]"

    handler.bad.clear()
    assert effects.replay(effect_id=dead.id)
    assert effects.drain() == 1
    assert not effects.replay(effect_id=dead.id)


@pytest.mark.django_db
def test_a_topic_without_a_handler_here_is_left_for_who_has_one() -> None:
    effects.register("mail", Recorder())
    add(1, topic="push")

    assert effects.drain() == 0

    assert Effect.objects.get().tries == 0


@pytest.mark.django_db
def test_a_backlog_of_one_topic_does_not_hold_up_another() -> None:
    mail, push = Recorder(), Recorder()
    effects.register("mail", mail)
    effects.register("push", push)
    add(*range(10), topic="mail")
    add(99, topic="push")

    assert effects.drain(limit=4) == 5

    assert mail.done == [0, 1, 2, 3]
    assert push.done == [99]


@pytest.mark.django_db
def test_an_effect_for_later_waits_for_its_time() -> None:
    handler = Recorder()
    effects.register("mail", handler)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() + interval '1 hour'")
        later = cursor.fetchone()[0]
    effects.add(rows=[EffectEntry(topic="mail", payload={"n": 1}, due_at=later)])

    assert effects.drain() == 0
    make_due()
    assert effects.drain() == 1


@pytest.mark.django_db
def test_an_effect_nobody_carries_out_is_a_break() -> None:
    add(1, topic="push")
    assert list(books.breaks()) == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_effect SET due_at = clock_timestamp() - interval '11 minutes'")

    (broken,) = books.breaks()
    assert broken.detail == "overdue by more than ten minutes"


def test_a_topic_has_one_handler() -> None:
    effects.register("mail", list)
    with pytest.raises(ValueError, match="has a handler"):
        effects.register("mail", Recorder())


def test_what_rolls_back_has_no_effect(committed_db: object) -> None:
    handler = Recorder()
    effects.register("mail", handler)

    def doomed() -> None:
        with transaction.atomic():
            effects.add(rows=[EffectEntry(topic="mail", payload={"n": 1})])
            raise errors.Refused

    with pytest.raises(errors.Refused):
        doomed()

    assert effects.drain() == 0
    assert handler.sets == []


def test_an_effect_outside_a_transaction_is_refused(committed_db: object) -> None:
    with pytest.raises(errors.SystemFault):
        effects.add(rows=[EffectEntry(topic="mail", payload={})])
    assert Effect.objects.count() == 0


def test_workers_at_the_same_time_share_the_work(committed_db: object) -> None:
    done: list[int] = []
    effects.register("mail", lambda payloads: done.extend(payload["n"] for payload in payloads))
    add(*range(300))

    def work() -> None:
        while effects.drain(limit=7):
            pass
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == list(range(300))
    assert Effect.objects.count() == 0


def test_a_worker_that_lost_its_lease_can_change_nothing_any_more(committed_db: object) -> None:
    handler = Recorder(1)
    effects.register("mail", handler)
    add(1)
    slow = _claim(lease_s=0.2)
    assert effects.drain() == 0
    time.sleep(0.3)
    assert effects.drain() == 0
    assert handler.sets == [[1]]

    effects._done([slow])
    effects._failed("mail", slow, ConnectionError("late"))

    left = Effect.objects.get()
    assert (left.tries, left.last_error) == (2, "ConnectionError: cannot do [1]")
    handler.bad.clear()
    make_due()
    assert effects.drain() == 1
    assert Effect.objects.count() == 0


def _claim(*, lease_s: float) -> effects._Claim:
    """Take an effect as a worker does that then stands still."""
    with connection.cursor() as cursor:
        cursor.execute(effects._CLAIM, [lease_s, "mail", 1])
        ((effect_id, tries, _),) = cursor.fetchall()
    return effects._Claim(effect_id, tries, {})
