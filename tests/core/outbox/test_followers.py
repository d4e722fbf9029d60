"""A follower runs in one process at a time, and what it wrote is lost with its failure."""

import threading

import pytest
from django.db import connection

from core.outbox import followers
from core.outbox.followers import Follower
from core.resilience import heartbeats
from core.resilience.models import Heartbeat


def test_only_one_of_two_processes_runs_it(committed_db: object) -> None:
    running, go_on = threading.Event(), threading.Event()
    ran: list[bool] = []

    def slow() -> None:
        running.set()
        go_on.wait(20)

    def first() -> None:
        ran.append(followers.run(follower=Follower(name="f", follow=slow, every_s=1)))
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    running.wait(20)
    assert not followers.run(follower=Follower(name="f", follow=pytest.fail, every_s=1))
    assert followers.run(follower=Follower(name="another", follow=lambda: None, every_s=1))
    go_on.set()
    thread.join()

    assert ran == [True]
    assert followers.run(follower=Follower(name="f", follow=lambda: None, every_s=1))


def test_what_a_failing_follower_wrote_is_rolled_back(committed_db: object) -> None:
    def follow() -> None:
        heartbeats.beat(name="x")
        raise LookupError

    with pytest.raises(LookupError):
        followers.run(follower=Follower(name="f", follow=follow, every_s=1))

    assert Heartbeat.objects.count() == 0
