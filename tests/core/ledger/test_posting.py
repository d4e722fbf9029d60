"""Movements: all or nothing, one verdict each, in order."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import DataError, transaction

from core.kernel.ids import uuid7
from core.ledger import accounts, posting, queries
from core.ledger.models import Balance, Bound, Entry, Line, SystemDelta
from core.ledger.movements import CaptureHold, PinHold, PlaceHold, Ruling
from tests.core.ledger.build import BANK, EQUITY, FEE, apply, entry, figures, hold, move, person

pytestmark = pytest.mark.django_db


def test_entry_moves_money_between_customers() -> None:
    ann, bob = person(units=1000), person()

    rulings = apply(move(entry(ann.usd, -525, bob.usd, 500, FEE, 25)))

    assert rulings == [Ruling.OK]
    assert figures(ann) == (475, 0, 0, 0)
    assert figures(bob) == (500, 0, 0, 0)
    assert queries.system_balance(account=FEE).units == 25


def test_all_of_a_card_deposit_lands_where_the_design_says() -> None:
    ann = person()
    pending, fee = accounts.external("stripe", "pending", "USD"), accounts.fee("provider", "USD")
    cost = accounts.cost("provider", "USD")

    apply(
        move(
            entry(pending, -10000, ann.usd, 9630, FEE, 50, fee, 320),
            entry(pending, 320, cost, -320),
        )
    )

    assert figures(ann) == (9630, 0, 0, 0)
    assert queries.cover(provider="stripe", asset="USD", role="pending").units == 9680
    assert queries.system_balance(account=cost).units == -320


def test_debit_beyond_the_balance_is_refused_and_writes_nothing() -> None:
    ann, bob = person(units=100), person()
    entries, lines, deltas = Entry.objects.count(), Line.objects.count(), SystemDelta.objects.count()

    rulings = apply(move(entry(ann.usd, -101, bob.usd, 100, FEE, 1)))

    assert rulings == [Ruling.INSUFFICIENT_FUNDS]
    assert figures(ann) == (100, 0, 0, 0)
    assert figures(bob) == (0, 0, 0, 0)
    assert (Entry.objects.count(), Line.objects.count(), SystemDelta.objects.count()) == (entries, lines, deltas)


def test_one_refused_movement_leaves_the_others_of_its_set() -> None:
    ann, bob, cyd = person(units=100), person(units=10), person()

    rulings = apply(
        move(entry(ann.usd, -60, cyd.usd, 60)),
        move(entry(bob.usd, -11, cyd.usd, 11)),
        move(entry(ann.usd, -40, cyd.usd, 40)),
    )

    assert rulings == [Ruling.OK, Ruling.INSUFFICIENT_FUNDS, Ruling.OK]
    assert figures(ann) == (0, 0, 0, 0)
    assert figures(bob) == (10, 0, 0, 0)
    assert figures(cyd) == (100, 0, 0, 0)


def test_a_set_is_ruled_on_in_order() -> None:
    ann, bob = person(units=100), person()

    rulings = apply(
        move(entry(ann.usd, -70, bob.usd, 70)),
        move(entry(ann.usd, -70, bob.usd, 70)),
        move(entry(ann.usd, -30, bob.usd, 30)),
    )

    assert rulings == [Ruling.OK, Ruling.INSUFFICIENT_FUNDS, Ruling.OK]
    assert figures(bob) == (100, 0, 0, 0)


def test_money_of_a_later_movement_does_not_pay_for_an_earlier_one() -> None:
    ann, bob = person(), person(units=50)

    rulings = apply(move(entry(ann.usd, -50, EQUITY, 50)), move(entry(bob.usd, -50, ann.usd, 50)))

    assert rulings == [Ruling.INSUFFICIENT_FUNDS, Ruling.OK]
    assert figures(ann) == (50, 0, 0, 0)


def test_money_of_an_earlier_movement_pays_for_a_later_one() -> None:
    ann, bob = person(), person(units=50)

    rulings = apply(move(entry(bob.usd, -50, ann.usd, 50)), move(entry(ann.usd, -50, EQUITY, 50)))

    assert rulings == [Ruling.OK, Ruling.OK]
    assert figures(ann) == (0, 0, 0, 0)


def test_same_key_posts_once() -> None:
    ann, bob = person(units=100), person()
    first = move(entry(ann.usd, -10, bob.usd, 10, key="same"))
    second = move(entry(ann.usd, -10, bob.usd, 10, key="same"))

    assert apply(first) == [Ruling.OK]
    assert apply(second) == [Ruling.DUPLICATE]

    assert figures(ann) == (90, 0, 0, 0)


def test_same_key_twice_in_one_set_posts_once() -> None:
    ann, bob = person(units=100), person()
    twins = [move(entry(ann.usd, -10, bob.usd, 10, key="twin")) for _ in range(2)]

    assert apply(*twins, move(entry(ann.usd, -5, bob.usd, 5))) == [Ruling.OK, Ruling.DUPLICATE, Ruling.OK]

    assert figures(ann) == (85, 0, 0, 0)


def test_key_of_a_refused_movement_stays_free() -> None:
    ann, bob = person(), person(units=10)

    assert apply(move(entry(ann.usd, -10, bob.usd, 10, key="again"))) == [Ruling.INSUFFICIENT_FUNDS]
    assert apply(move(entry(bob.usd, -10, ann.usd, 10, key="again"))) == [Ruling.OK]


def test_one_duplicate_entry_skips_the_whole_movement() -> None:
    ann, bob = person(units=100), person()
    apply(move(entry(ann.usd, -10, bob.usd, 10, key="old")))

    rulings = apply(move(entry(ann.usd, -10, bob.usd, 10, key="old"), entry(ann.usd, -1, bob.usd, 1, key="new")))

    assert rulings == [Ruling.DUPLICATE]
    assert figures(ann) == (90, 0, 0, 0)
    assert not Entry.objects.filter(key="new").exists()


def test_hold_placed_and_captured_in_one_set() -> None:
    ann = person(units=100)
    hold_id = uuid7()

    rulings = apply(
        move(PlaceHold(hold_id=hold_id, account=ann.usd, units=80)),
        move(PinHold(hold_id=hold_id)),
        move(entry(ann.usd, -80, BANK, 80), CaptureHold(hold_id=hold_id, units=80)),
    )

    assert rulings == [Ruling.OK, Ruling.OK, Ruling.OK]
    assert figures(ann) == (20, 0, 0, 0)


def test_version_rises_once_per_set() -> None:
    ann, bob = person(units=100), person()
    before = Balance.objects.get(account_id=accounts.ensure([ann.usd])[ann.usd]).version

    apply(*[move(entry(ann.usd, -1, bob.usd, 1)) for _ in range(5)])

    assert Balance.objects.get(account_id=accounts.ensure([ann.usd])[ann.usd]).version == before + 1


def test_receivable_is_never_repaid_beyond_what_is_owed() -> None:
    customer = uuid4()
    owed = accounts.receivable(customer, "USD")
    apply(move(entry(owed, -30, EQUITY, 30)))

    rulings = apply(move(entry(owed, 20, EQUITY, -20)), move(entry(owed, 11, EQUITY, -11)))

    assert rulings == [Ruling.OK, Ruling.DEBT_EXCEEDED]
    assert [balance.posted.units for balance in queries.balances(customer_id=customer)] == [-10]


def test_assets_of_one_ticker_on_two_chains_do_not_mix() -> None:
    ann = uuid4()
    here = accounts.customer(ann, "banking", "USDC:ethereum")
    there = accounts.customer(ann, "banking", "USDC:solana")

    with pytest.raises(posting.Malformed):
        apply(move(entry(here, -5, there, 5)))

    assert queries.balances(customer_id=ann) == []


def test_amounts_wider_than_a_machine_word_are_exact() -> None:
    ann = uuid4()
    eth = accounts.customer(ann, "investing", "ETH:ethereum")
    units, hold_units = 10**77 + 7, 10**40 + 1

    apply(move(entry(eth, units, accounts.system("equity", "ETH:ethereum"), -units)))
    apply(move(PlaceHold(hold_id=uuid7(), account=eth, units=hold_units)))

    (balance,) = queries.balances(customer_id=ann)
    assert (balance.posted.units, balance.held.units) == (units, hold_units)


@pytest.mark.parametrize("key", ['a"b', "back\\slash", "{a,b}", "NULL", " space ", "é\n", "'quoted'"])
def test_keys_arrive_as_they_are(key: str) -> None:
    ann = person()

    assert apply(move(entry(ann.usd, 5, EQUITY, -5, key=key))) == [Ruling.OK]

    assert Entry.objects.filter(key=key).count() == 1
    assert apply(move(entry(ann.usd, 5, EQUITY, -5, key=key))) == [Ruling.DUPLICATE]


def test_whether_an_account_has_a_bound_is_for_its_row_to_say() -> None:
    ann = person(units=100)
    mistaken = replace(ann.usd, bound=Bound.NONE)

    assert apply(move(entry(mistaken, -30, EQUITY, 30))) == [Ruling.OK]
    assert apply(move(entry(mistaken, -71, EQUITY, 71))) == [Ruling.INSUFFICIENT_FUNDS]
    assert apply(move(entry(replace(EQUITY, bound=Bound.CREDIT), -1, ann.usd, 1))) == [Ruling.OK]

    assert figures(ann) == (71, 0, 0, 0)


def test_movement_without_anything_to_refuse_touches_no_balance() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 10)
    before = Balance.objects.get(account_id=accounts.ensure([ann.usd])[ann.usd]).version

    assert apply(move(PinHold(hold_id=hold_id))) == [Ruling.OK]

    assert Balance.objects.get(account_id=accounts.ensure([ann.usd])[ann.usd]).version == before


def test_hold_on_a_system_account_is_an_error_of_ours() -> None:
    with pytest.raises(DataError), transaction.atomic():
        apply(move(PlaceHold(hold_id=uuid7(), account=EQUITY, units=1)))


@pytest.mark.parametrize("units", [0, -1])
def test_operation_of_nothing_is_malformed(units: int) -> None:
    ann = person(units=100)

    with pytest.raises(posting.Malformed):
        apply(move(PlaceHold(hold_id=uuid7(), account=ann.usd, units=units)))

    assert figures(ann) == (100, 0, 0, 0)


def test_verdict_says_what_was_short() -> None:
    ann = person(units=100)
    one = move(entry(ann.usd, -130, BANK, 130))

    verdict = posting.post(movements=[one])[one.ref]

    assert not verdict.is_ok
    assert verdict.detail == f"account {accounts.ensure([ann.usd])[ann.usd]}: 30 short"


def test_nothing_to_post_asks_nothing() -> None:
    assert posting.post(movements=[]) == {}
