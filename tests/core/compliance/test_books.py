"""Compliance's books find what does not add up, and nothing where all does."""

import pytest
from django.db import connection

from core.compliance import books, models
from tests.core.compliance import scenes
from tests.core.identity import people

pytestmark = pytest.mark.django_db


def found():
    return sorted({one.check for one in books.breaks()})


def test_books_are_clean_after_work_of_every_kind():
    scenes.held_transfer()
    done = scenes.send_money(sender=people.make_customer(), recipient=people.make_customer())
    scenes.consume(scenes.row(people.make_customer(), 500))

    assert models.LimitClaim.objects.filter(ref=done, released_at=None).exists()
    assert found() == []


def test_limit_use_that_differs_from_the_claims_is_found(customer):
    scenes.consume(scenes.row(customer, 500))
    models.LimitUse.objects.update(day_units=499)

    assert found() == ["limit_use_differs"]


def test_ended_transaction_that_still_counts_is_found():
    done = scenes.send_money(sender=people.make_customer(), recipient=people.make_customer())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE orchestration_transaction DISABLE TRIGGER USER")
        cursor.execute("UPDATE orchestration_transaction SET state = 'FAILED' WHERE id = %s", [done])

    assert found() == ["ended_with_limits_taken"]


def test_hold_up_without_a_case_is_found():
    scenes.held_transfer()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE compliance_case DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM compliance_case")

    assert found() == ["held_up_without_case"]
