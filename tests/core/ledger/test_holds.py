"""Holds: placed, pinned, captured, released, expired; each resolved once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from core.kernel.ids import uuid7
from core.ledger import movements, queries, sweeps
from core.ledger.models import Hold
from core.ledger.movements import CaptureHold, PinHold, PlaceHold, ReleaseHold, Ruling
from tests.core.ledger.build import BANK, FEE, apply, entry, figures, hold, move, person

pytestmark = pytest.mark.django_db


def test_hold_takes_from_what_is_available() -> None:
    ann = person(units=100)

    hold(ann, 60)

    assert figures(ann) == (100, 60, 0, 0)
    assert queries.available(customer_id=ann.id, domain="banking", asset="USD") == 40


def test_hold_beyond_what_is_available_is_refused() -> None:
    ann = person(units=100)
    hold(ann, 60)

    assert apply(move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=41))) == [Ruling.INSUFFICIENT_FUNDS]

    assert figures(ann) == (100, 60, 0, 0)
    assert Hold.objects.count() == 1


def test_held_money_cannot_be_spent() -> None:
    ann = person(units=100)
    hold(ann, 60)

    assert apply(move(entry(ann.usd, -41, BANK, 41))) == [Ruling.INSUFFICIENT_FUNDS]

    assert figures(ann) == (100, 60, 0, 0)


def test_default_deadline_is_thirty_minutes_on_the_databases_clock() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 60)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT deadline - placed_at, placed_at BETWEEN clock_timestamp() - interval '10 s' AND clock_timestamp()"
            " FROM ledger_hold WHERE id = %s",
            [hold_id],
        )
        assert cursor.fetchone() == (timedelta(minutes=30), True)


def test_capture_of_the_whole_works_when_nothing_else_is_left() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 100)

    rulings = apply(move(entry(ann.usd, -100, BANK, 95, FEE, 5), CaptureHold(hold_id=hold_id, units=100)))

    assert rulings == [Ruling.OK]
    assert figures(ann) == (0, 0, 0, 0)


def test_capture_of_a_part_frees_the_rest() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 100)

    apply(move(entry(ann.usd, -70, BANK, 70), CaptureHold(hold_id=hold_id, units=70)))

    assert figures(ann) == (30, 0, 0, 0)
    row = Hold.objects.get(id=hold_id)
    assert (row.outcome, row.captured, row.resolved_at is None) == ("captured", 70, False)


def test_capture_of_more_than_was_held_is_refused() -> None:
    ann = person(units=200)
    hold_id = hold(ann, 100)

    rulings = apply(move(entry(ann.usd, -101, BANK, 101), CaptureHold(hold_id=hold_id, units=101)))

    assert rulings == [Ruling.HOLD_EXCEEDED]
    assert figures(ann) == (200, 100, 0, 0)


@pytest.mark.parametrize("outcome", ["released", "expired", "converted"])
def test_release_frees_the_money(outcome: str) -> None:
    ann = person(units=100)
    hold_id = hold(ann, 100)

    assert apply(move(ReleaseHold(hold_id=hold_id, outcome=outcome))) == [Ruling.OK]

    assert figures(ann) == (100, 0, 0, 0)
    assert Hold.objects.get(id=hold_id).outcome == outcome


def test_hold_is_resolved_once() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 40)
    apply(move(ReleaseHold(hold_id=hold_id)))

    again = apply(
        move(ReleaseHold(hold_id=hold_id)),
        move(entry(ann.usd, -40, BANK, 40), CaptureHold(hold_id=hold_id, units=40)),
        move(PinHold(hold_id=hold_id)),
    )

    assert again == [Ruling.HOLD_NOT_OPEN] * 3
    assert figures(ann) == (100, 0, 0, 0)
    assert Hold.objects.get(id=hold_id).outcome == "released"


def test_unknown_hold_is_not_open() -> None:
    assert apply(move(PinHold(hold_id=uuid7()))) == [Ruling.HOLD_NOT_OPEN]


def test_same_hold_placed_again_is_a_duplicate() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 40)

    assert apply(move(PlaceHold(hold_id=hold_id, account=ann.usd, units=40))) == [Ruling.DUPLICATE]

    assert figures(ann) == (100, 40, 0, 0)


def test_settling_twice_is_a_duplicate_and_not_a_missing_hold() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 40)
    settle = [
        move(entry(ann.usd, -40, BANK, 40, key="settle"), CaptureHold(hold_id=hold_id, units=40)) for _ in range(2)
    ]

    assert [apply(one) for one in settle] == [[Ruling.OK], [Ruling.DUPLICATE]]

    assert figures(ann) == (60, 0, 0, 0)


def test_pinned_hold_has_no_deadline() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 40)

    assert apply(move(PinHold(hold_id=hold_id))) == [Ruling.OK]
    assert apply(move(PinHold(hold_id=hold_id))) == [Ruling.OK]

    assert Hold.objects.get(id=hold_id).deadline is None
    assert figures(ann) == (100, 40, 0, 0)


def test_overdue_holds_are_listed_by_the_databases_clock() -> None:
    ann = person(units=100)
    late, early, pinned = hold(ann, 10), hold(ann, 20), hold(ann, 30)
    apply(move(PinHold(hold_id=pinned)))
    Hold.objects.filter(id__in=[late]).update(deadline="2020-01-01T00:00:00Z")

    found = sweeps.overdue_holds(limit=10)

    assert [(one.id, one.amount.units) for one in found] == [(late, 10)]
    assert early not in {one.id for one in found}


def test_legal_hold_becomes_a_dearer_reservation_in_one_go() -> None:
    ann = person(units=100)
    legal, reservation = uuid7(), uuid7()
    apply(move(PlaceHold(hold_id=legal, account=ann.usd, units=90, lifetime=None, kind="legal")))

    rulings = apply(
        move(
            *movements.conversion(
                legal_hold_id=legal, into=PlaceHold(hold_id=reservation, account=ann.usd, units=95, leaves=True)
            )
        )
    )

    assert rulings == [Ruling.OK]
    assert figures(ann) == (100, 95, 0, 0)
    assert Hold.objects.get(id=legal).outcome == "converted"


def test_legal_hold_stays_when_the_dearer_reservation_is_not_covered() -> None:
    ann = person(units=100)
    legal = uuid7()
    apply(move(PlaceHold(hold_id=legal, account=ann.usd, units=90, lifetime=None, kind="legal")))
    into = PlaceHold(hold_id=uuid7(), account=ann.usd, units=101)

    assert apply(move(*movements.conversion(legal_hold_id=legal, into=into))) == [Ruling.INSUFFICIENT_FUNDS]

    assert figures(ann) == (100, 90, 0, 0)
    assert Hold.objects.get(id=legal).outcome == ""


def test_holds_of_a_transaction_are_found() -> None:
    ann, transaction_id = person(units=100), uuid7()
    apply(move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=25), transaction_id=transaction_id))
    hold(ann, 1)

    found = queries.holds_for(transaction_ids=[transaction_id])

    assert [(one.amount.text, one.account, one.kind, one.outcome) for one in found] == [
        ("0.25", ann.usd.code, "reservation", "")
    ]
