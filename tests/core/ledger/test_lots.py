"""Reversible money: it can be spent inside, but it cannot leave."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from core.kernel.ids import uuid7
from core.ledger import lots, queries, sweeps
from core.ledger.models import Lot, ReversibilityRule
from core.ledger.movements import CaptureHold, ConsumeLot, OpenLot, PlaceHold, Ruling
from core.outbox.models import StreamRow
from tests.core.ledger.build import BANK, Person, apply, entry, figures, hold, move, person

pytestmark = pytest.mark.django_db


def lot(one: Person, units: int, *, days: int = 7) -> UUID:
    lot_id = uuid7()
    opened = OpenLot(lot_id=lot_id, account=one.usd, units=units, lifetime=timedelta(days=days))
    assert apply(move(entry(BANK, -units, one.usd, units), opened)) == [Ruling.OK]
    return lot_id


def test_reversible_money_may_not_be_held_for_an_exit() -> None:
    ann = person(units=30)
    lot(ann, 100)

    rulings = apply(
        move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=31, leaves=True)),
        move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=30, leaves=True)),
    )

    assert rulings == [Ruling.FUNDS_REVERSIBLE, Ruling.OK]
    assert figures(ann) == (130, 30, 0, 100)


def test_reversible_money_may_not_be_transferred_away() -> None:
    ann, bob = person(), person()
    lot(ann, 100)

    assert apply(move(entry(ann.usd, -1, bob.usd, 1, leaves=True))) == [Ruling.FUNDS_REVERSIBLE]

    assert figures(ann) == (100, 0, 0, 100)
    assert figures(bob) == (0, 0, 0, 0)


def test_reversible_money_may_be_spent_inside() -> None:
    ann = person()
    lot(ann, 100)

    assert apply(move(entry(ann.usd, -40, BANK, 40))) == [Ruling.OK]

    assert figures(ann) == (60, 0, 0, 100)


def test_money_beyond_the_balance_is_short_and_not_reversible() -> None:
    ann = person()
    lot(ann, 100)
    too_much = PlaceHold(hold_id=uuid7(), account=ann.usd, units=101, leaves=True)

    assert apply(move(too_much)) == [Ruling.INSUFFICIENT_FUNDS]


def test_exit_that_was_held_before_the_lot_still_settles() -> None:
    ann = person(units=50)
    hold_id = hold(ann, 50, leaves=True)
    lot(ann, 100)

    settle = move(entry(ann.usd, -50, BANK, 50), CaptureHold(hold_id=hold_id, units=50))

    assert apply(settle) == [Ruling.OK]
    assert figures(ann) == (100, 0, 0, 100)


def test_reversal_consumes_the_lot() -> None:
    ann = person()
    lot_id = lot(ann, 100)

    apply(move(entry(ann.usd, -60, BANK, 60), ConsumeLot(lot_id=lot_id, units=60)))
    apply(move(entry(ann.usd, -40, BANK, 40), ConsumeLot(lot_id=lot_id, units=60)))

    assert figures(ann) == (0, 0, 0, 0)
    assert Lot.objects.get(id=lot_id).open_units == 0


def test_consuming_a_lot_that_is_closed_changes_nothing() -> None:
    ann = person()
    lot_id = lot(ann, 100)
    apply(move(ConsumeLot(lot_id=lot_id, units=100)))

    assert apply(move(ConsumeLot(lot_id=lot_id, units=5)), move(ConsumeLot(lot_id=uuid7(), units=5))) == [Ruling.OK] * 2

    assert figures(ann) == (100, 0, 0, 0)


def test_two_lots_consumed_and_opened_in_one_set() -> None:
    ann = person()
    first = lot(ann, 100)

    rulings = apply(
        move(ConsumeLot(lot_id=first, units=100)),
        move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=100, leaves=True)),
        move(OpenLot(lot_id=uuid7(), account=ann.usd, units=10, lifetime=timedelta(days=1))),
        move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=1, leaves=True)),
    )

    assert rulings == [Ruling.OK, Ruling.OK, Ruling.OK, Ruling.INSUFFICIENT_FUNDS]
    assert figures(ann) == (100, 100, 0, 10)


def test_lot_opened_earlier_in_the_set_binds_a_later_exit_of_it() -> None:
    ann = person(units=100)

    rulings = apply(
        move(OpenLot(lot_id=uuid7(), account=ann.usd, units=60, lifetime=timedelta(days=1))),
        move(entry(ann.usd, -50, BANK, 50, leaves=True)),
        move(entry(ann.usd, -40, BANK, 40, leaves=True)),
    )

    assert rulings == [Ruling.OK, Ruling.FUNDS_REVERSIBLE, Ruling.OK]
    assert figures(ann) == (60, 0, 0, 60)


def test_lot_opened_and_consumed_in_one_set_is_consumed() -> None:
    ann, lot_id = person(units=100), uuid7()

    rulings = apply(
        move(OpenLot(lot_id=lot_id, account=ann.usd, units=25, lifetime=timedelta(days=1))),
        move(ConsumeLot(lot_id=lot_id, units=50)),
    )

    assert rulings == [Ruling.OK, Ruling.OK]
    assert figures(ann) == (100, 0, 0, 0)
    assert Lot.objects.get(id=lot_id).open_units == 0


def test_lots_close_when_their_time_has_passed_and_the_customer_is_told() -> None:
    ann, bob = person(), person()
    due = [lot(ann, 100), lot(ann, 20), lot(bob, 5)]
    lot(ann, 7)
    Lot.objects.filter(id__in=due).update(release_at="2020-01-01T00:00:00Z")

    assert sweeps.close_lots(limit=10) == 2
    assert sweeps.close_lots(limit=10) == 0

    assert figures(ann) == (127, 0, 0, 7)
    assert figures(bob) == (5, 0, 0, 0)
    rows = StreamRow.objects.filter(customer_id__in=[ann.id, bob.id])
    assert [(row.channel, row.type, row.data["asset"]) for row in rows] == [("balances", "balance.changed", "USD")] * 2


def test_lots_not_yet_due_stay() -> None:
    ann = person()
    lot(ann, 100)

    assert sweeps.close_lots(limit=10) == 0

    assert figures(ann) == (100, 0, 0, 100)


def test_withdrawable_is_what_may_leave() -> None:
    ann = person(units=30)
    lot(ann, 100)
    apply(move(entry(ann.usd, -50, BANK, 50)))

    (balance,) = queries.balances(customer_id=ann.id)

    assert (balance.available.units, balance.withdrawable.units) == (80, 0)


def test_lots_of_a_transaction_are_found() -> None:
    ann, transaction_id = person(units=100), uuid7()
    one = OpenLot(lot_id=uuid7(), account=ann.usd, units=40, lifetime=timedelta(days=3))
    apply(move(one, transaction_id=transaction_id))

    (found,) = queries.lots_for(transaction_ids=[transaction_id])

    assert (found.amount.text, found.open_amount.text) == ("0.40", "0.40")
    assert found.release_at - found.opened_at == timedelta(days=3)


@pytest.mark.parametrize(
    ("rail", "level", "shift", "days"),
    [
        ("card", 0, False, 14),
        ("card", 1, False, 7),
        ("card", 2, False, 3),
        ("card", 3, False, 0),
        ("card", 9, False, 0),
        ("card", 1, True, 1),
        ("ach_debit", 1, False, 10),
        ("wire", 0, False, 0),
    ],
)
def test_lifetime_comes_from_the_rules(rail: str, level: int, shift: bool, days: int) -> None:
    assert lots.lifetime(rail=rail, kyc_level=level, liability_shift=shift) == timedelta(days=days)


def test_lifetime_without_a_rule_is_an_error_of_ours() -> None:
    with pytest.raises(lots.NoRule):
        lots.lifetime(rail="pigeon", kyc_level=3, liability_shift=False)


def test_lifetime_asks_the_database_once_for_a_while() -> None:
    lots.lifetime(rail="card", kyc_level=0, liability_shift=False)

    with connection.execute_wrapper(_refuse):
        assert lots.lifetime(rail="card", kyc_level=0, liability_shift=False) == timedelta(days=14)


def test_every_rail_has_a_rule_for_a_customer_without_any_level() -> None:
    rails = set(ReversibilityRule.objects.values_list("rail", "liability_shift"))

    assert rails == set(ReversibilityRule.objects.filter(kyc_level=0).values_list("rail", "liability_shift"))
    assert len(rails) == 14


def _refuse(*_: object) -> None:
    pytest.fail("the rules are remembered for a few seconds")
