"""Wake-ups: after the commit, one for many, harmless when lost. The broker here is a real Redis list."""

import time
import uuid
from collections.abc import Iterator

import pytest
from celery import Celery, current_app
from django.db import transaction

from core.kernel import errors
from core.resilience import connections, wakeups
from tests.core.resilience.conftest import Valkey, forget_outages

TASK = "tests.nothing"


@pytest.fixture
def app(valkey: Valkey) -> Iterator[Celery]:
    """A Celery application whose broker is the test's own Redis."""
    before = current_app._get_current_object()
    app = Celery("tests", broker=valkey.url, set_as_current=False)
    app.conf.broker_transport_options = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    app.set_current()
    yield app
    app.close()
    before.set_current()


@pytest.fixture
def queue() -> str:
    return f"q-{uuid.uuid4().hex}"


def waiting(queue: str) -> int:
    return int(connections.client().llen(queue))  # type: ignore[arg-type]  # the client is not the async one


def test_a_worker_is_woken_after_the_commit_and_not_before(app: Celery, queue: str, committed_db: object) -> None:
    with transaction.atomic():
        wakeups.wake(task=TASK, queue=queue, key="k")
        assert waiting(queue) == 0

    assert waiting(queue) == 1


def test_nobody_is_woken_for_what_rolled_back(app: Celery, queue: str, committed_db: object) -> None:
    def doomed() -> None:
        with transaction.atomic():
            wakeups.wake(task=TASK, queue=queue, key="k")
            raise errors.Refused

    with pytest.raises(errors.Refused):
        doomed()

    assert waiting(queue) == 0


def test_a_thousand_wake_ups_are_one_message(app: Celery, queue: str, committed_db: object) -> None:
    for _ in range(1000):
        wakeups.wake(task=TASK, queue=queue, key="k")
    wakeups.wake(task=TASK, queue=queue, key="other")

    assert waiting(queue) == 2


def test_once_the_task_has_started_the_next_wake_up_is_a_new_one(app: Celery, queue: str, committed_db: object) -> None:
    wakeups.wake(task=TASK, queue=queue, key="k")
    wakeups.started("k")
    wakeups.wake(task=TASK, queue=queue, key="k")

    assert waiting(queue) == 2


def test_the_mark_of_a_lost_message_fades(
    app: Celery, queue: str, committed_db: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "_MARK_TTL_MS", 3000)
    assert wakeups.send(task=TASK, queue=queue, key="warm up the broker's connection, which takes longer than a mark")
    assert wakeups.send(task=TASK, queue=queue, key="k")
    assert not wakeups.send(task=TASK, queue=queue, key="k")
    time.sleep(3.1)

    assert wakeups.send(task=TASK, queue=queue, key="k")


def test_a_dead_redis_does_not_hold_up_the_commit(
    app: Celery, queue: str, valkey: Valkey, committed_db: object
) -> None:
    valkey.stop()
    start = time.monotonic()
    for _ in range(20):
        with transaction.atomic():
            wakeups.wake(task=TASK, queue=queue, key="k")
    wakeups.started("k")

    assert time.monotonic() - start < 1
    valkey.start()
    forget_outages()
    wakeups.wake(task=TASK, queue=queue, key="k")
    assert waiting(queue) == 1
