"""Decisions are kept whole, in sets, for ever."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from core.kernel import ids
from core.kernel.money import Money
from core.routing import decisions, models, scoring, weights

pytestmark = pytest.mark.django_db


def decide(*providers, preference=None):
    return scoring.score(
        candidates=[
            scoring.Candidate(provider=name, health=Decimal("0.97"), cost=Money.of(cents, "USD"), eta_seconds=4)
            for name, cents in providers
        ],
        weights=weights.load(),
        speed_preference=preference,
    )


def test_a_set_is_written_in_one_statement_and_read_per_transaction(django_assert_num_queries):
    first, second = ids.uuid7(), ids.uuid7()
    rows = [
        decisions.row(
            transaction_id=first, decision=decide(("stripe", 370), ("other", 500), preference=Decimal("0.2"))
        ),
        decisions.row(transaction_id=second, decision=decide(("increase", 25))),
        decisions.row(transaction_id=first, decision=decide(("other", 500))),
    ]

    with django_assert_num_queries(1):
        decisions.record(rows=rows)

    found = decisions.for_transaction(first)
    assert [one.chosen for one in found] == ["stripe", "other"]
    assert [one.weights_version for one in found] == [1, 1]
    assert [one.speed_preference for one in found] == ["0.2000", None]
    assert list(found[0].candidates) == rows[0]["candidates"]
    assert found[0].candidates[1]["measured_health"] == "0.97"
    assert [one.chosen for one in decisions.for_transaction(second)] == ["increase"]
    assert decisions.for_transaction(ids.uuid7()) == []


def test_the_story_names_the_choice_and_its_numbers():
    transaction_id = ids.uuid7()
    decisions.record(rows=[decisions.row(transaction_id=transaction_id, decision=decide(("stripe", 370)))])

    (told,) = decisions.explain(transaction_id)["decisions"]

    assert (told["chosen"], told["weights_version"]) == ("stripe", 1)
    assert told["candidates"][0]["fees_total"] == {"amount": "3.70", "asset": "USD"}
    assert "measured_health" not in told["candidates"][0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE routing_decision SET chosen = 'other'",
        "DELETE FROM routing_decision",
        "TRUNCATE routing_decision",
        "UPDATE routing_weights SET health = 60, cost = 20",
        "DELETE FROM routing_weights",
    ],
)
def test_decisions_and_weights_are_never_changed(statement):
    decisions.record(rows=[decisions.row(transaction_id=ids.uuid7(), decision=decide(("stripe", 370)))])

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert models.Decision.objects.get().chosen == "stripe"
    assert weights.load() == scoring.Weights(version=1, health=50, cost=30, speed=20)
