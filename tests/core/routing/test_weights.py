"""Weights are versioned data with the product's limits built in."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.kernel import held
from core.routing import models, scoring, weights

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_copies():
    held.forget_all()
    yield
    held.forget_all()


def add(version, health, cost, speed, *, in_days=0):
    return models.Weights.objects.create(
        version=version,
        health=health,
        cost=cost,
        speed=speed,
        effective_from=timezone.now() + timedelta(days=in_days),
        reason="test",
    )


def test_first_weights_are_the_products():
    assert weights.current() == scoring.Weights(version=1, health=50, cost=30, speed=20)


def test_newest_in_effect_counts_and_the_future_waits():
    add(2, 60, 30, 10)
    add(3, 80, 10, 10, in_days=1)

    assert weights.load() == scoring.Weights(version=2, health=60, cost=30, speed=10)


def test_current_costs_one_query_for_many_looks(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert weights.current() is weights.current()


@pytest.mark.parametrize(("health", "cost", "speed"), [(49, 31, 20), (50, 30, 21), (50, 30, 19)])
def test_weights_that_break_the_rules_are_refused(health, cost, speed):
    with pytest.raises(IntegrityError), transaction.atomic():
        add(2, health, cost, speed)

    assert weights.load().version == 1
