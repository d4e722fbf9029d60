"""Expected inflows: shown while announced, gone when posted or dead."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.kernel.ids import uuid7
from core.ledger import queries
from core.ledger.models import Expectation
from core.ledger.movements import Announce, DropExpectation, Expect, Fulfil, Ruling
from tests.core.ledger.build import BANK, Person, apply, entry, figures, move, person

pytestmark = pytest.mark.django_db


def expected(one: Person, units: int) -> UUID:
    expectation_id = uuid7()
    assert apply(move(Expect(expectation_id=expectation_id, account=one.usd, units=units))) == [Ruling.OK]
    return expectation_id


def test_expectation_is_not_shown_until_it_is_announced() -> None:
    ann = person()
    expectation_id = expected(ann, 70)

    assert figures(ann) == (0, 0, 0, 0)

    apply(move(Announce(expectation_id=expectation_id)))

    assert figures(ann) == (0, 0, 70, 0)
    assert Expectation.objects.get(id=expectation_id).deadline is None


def test_incoming_money_cannot_be_spent() -> None:
    ann = person()
    apply(move(Announce(expectation_id=expected(ann, 70))))

    assert apply(move(entry(ann.usd, -1, BANK, 1))) == [Ruling.INSUFFICIENT_FUNDS]

    assert figures(ann) == (0, 0, 70, 0)


def test_fulfilled_expectation_turns_into_money() -> None:
    ann = person()
    expectation_id = expected(ann, 70)
    apply(move(Announce(expectation_id=expectation_id)))

    apply(move(entry(BANK, -68, ann.usd, 68), Fulfil(expectation_id=expectation_id)))

    assert figures(ann) == (68, 0, 0, 0)
    assert Expectation.objects.get(id=expectation_id).state == "fulfilled"


@pytest.mark.parametrize("announced", [True, False])
def test_dropped_expectation_leaves_nothing(announced: bool) -> None:
    ann = person()
    expectation_id = expected(ann, 70)
    if announced:
        apply(move(Announce(expectation_id=expectation_id)))

    assert apply(move(DropExpectation(expectation_id=expectation_id))) == [Ruling.OK]

    assert figures(ann) == (0, 0, 0, 0)


def test_expectation_is_resolved_once() -> None:
    ann = person()
    expectation_id = expected(ann, 70)
    apply(move(Announce(expectation_id=expectation_id)), move(DropExpectation(expectation_id=expectation_id)))

    again = apply(
        move(Fulfil(expectation_id=expectation_id)),
        move(DropExpectation(expectation_id=expectation_id)),
        move(Announce(expectation_id=expectation_id)),
    )

    assert again == [Ruling.EXPECTATION_NOT_OPEN] * 3
    assert figures(ann) == (0, 0, 0, 0)


def test_expectation_is_announced_once() -> None:
    ann = person()
    expectation_id = expected(ann, 70)

    assert apply(move(Announce(expectation_id=expectation_id))) == [Ruling.OK]
    assert apply(move(Announce(expectation_id=expectation_id))) == [Ruling.EXPECTATION_NOT_OPEN]

    assert figures(ann) == (0, 0, 70, 0)


def test_same_expectation_again_is_a_duplicate() -> None:
    ann = person()
    expectation_id = expected(ann, 70)

    assert apply(move(Expect(expectation_id=expectation_id, account=ann.usd, units=70))) == [Ruling.DUPLICATE]


def test_expectations_of_a_transaction_are_found() -> None:
    ann, transaction_id = person(), uuid7()
    apply(move(Expect(expectation_id=uuid7(), account=ann.usd, units=70), transaction_id=transaction_id))

    found = queries.expectations_for(transaction_ids=[transaction_id])

    assert [(one.amount.text, one.state) for one in found] == [("0.70", "written")]
