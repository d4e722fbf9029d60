"""Tickets are single use and short-lived, whatever happens at the same time."""

import re
import threading
from uuid import UUID

import pytest
from django.db import connection

from core.kernel import ids
from core.realtime import tickets
from core.realtime.models import WsTicket
from tests.databases import Clone


def _age(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_ws_ticket SET expires_at = expires_at - make_interval(secs => %s)", [seconds])


@pytest.mark.django_db
def test_a_ticket_names_its_customer_once() -> None:
    customer_id = ids.uuid7()
    ticket = tickets.issue(customer_id=customer_id)

    first = tickets.redeem(secret=ticket.secret)
    second = tickets.redeem(secret=ticket.secret)

    assert (first, second) == (customer_id, None)
    assert WsTicket.objects.count() == 0


@pytest.mark.django_db
def test_the_secret_fits_a_subprotocol_and_is_not_stored() -> None:
    ticket = tickets.issue(customer_id=ids.uuid7())

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", ticket.secret)
    assert ticket.secret.encode() not in bytes(WsTicket.objects.get().secret_hash)


@pytest.mark.django_db
def test_a_ticket_lives_thirty_seconds() -> None:
    young, old = tickets.issue(customer_id=ids.uuid7()), tickets.issue(customer_id=ids.uuid7())

    _age(28)
    in_time = tickets.redeem(secret=young.secret)
    _age(3)
    too_late = tickets.redeem(secret=old.secret)

    assert in_time is not None
    assert too_late is None


@pytest.mark.django_db
def test_a_wrong_secret_takes_nobody_elses_ticket() -> None:
    tickets.issue(customer_id=ids.uuid7())

    assert tickets.redeem(secret="guess") is None
    assert WsTicket.objects.count() == 1


@pytest.mark.django_db
def test_unused_tickets_are_purged_when_old() -> None:
    tickets.issue(customer_id=ids.uuid7())
    _age(31)
    fresh = tickets.issue(customer_id=ids.uuid7())

    assert tickets.purge() == 1
    assert tickets.redeem(secret=fresh.secret) is not None


def test_of_many_sockets_with_one_ticket_one_gets_in(committed_db: Clone) -> None:
    customer_id = ids.uuid7()
    secret = tickets.issue(customer_id=customer_id).secret
    got: list[UUID | None] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        got.append(tickets.redeem(secret=secret))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got, key=str) == [customer_id, *[None] * 7]
