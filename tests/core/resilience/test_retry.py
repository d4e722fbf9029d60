"""Waits follow the product's rule, and only what can get better is repeated."""

import random

import pytest
from django.db import OperationalError, connection

from core.kernel import errors
from core.resilience import retry


class _Highest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


class _Lowest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a


def test_the_longest_wait_doubles_from_one_second_to_ten() -> None:
    waits = [retry.delay_s(tries=tries, rng=_Highest()) for tries in (1, 2, 3, 4, 5, 6, 1000)]

    assert waits == [1, 2, 4, 8, 10, 10, 10]


def test_the_shortest_wait_is_none_at_all() -> None:
    assert retry.delay_s(tries=3, rng=_Lowest()) == 0


def test_waits_are_spread_over_the_whole_range() -> None:
    rng = random.Random(7)  # noqa: S311 - a seed makes it repeatable
    waits = [retry.delay_s(tries=3, rng=rng) for _ in range(4000)]

    assert min(waits) < 0.02
    assert max(waits) > 3.98
    assert sum(waits) / len(waits) == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.InvalidInput(), [False, False]),
        (errors.Refused(), [False, False]),
        (errors.Conflict(), [False, False]),
        (errors.ConnectionFault(), [True, False]),
        (errors.ProcessingFault(), [True, False]),
        (errors.SystemFault(), [False, False]),
        (ValueError(), [False, False]),
    ],
)
def test_only_faults_of_medium_and_high_severity_get_another_try(error: Exception, expected: list[bool]) -> None:
    assert [retry.may_retry(error=error, tries=2), retry.may_retry(error=error, tries=3)] == expected


def _fail(sqlstate: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '%s'; END $$" % sqlstate)  # noqa: UP031


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_lost_race_runs_the_whole_unit_again(committed_db: object, sqlstate: str) -> None:
    runs: list[int] = []

    def work() -> str:
        runs.append(1)
        if len(runs) < 3:
            _fail(sqlstate)
        return "done"

    assert retry.unit_of_work(work=work, rng=_Lowest()) == "done"
    assert len(runs) == 3


def test_a_race_lost_every_time_is_told(committed_db: object) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        _fail("40001")

    with pytest.raises(OperationalError):
        retry.unit_of_work(work=work, rng=_Lowest(), tries=4)
    assert len(runs) == 4


def test_any_other_error_ends_it_at_once(committed_db: object) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        raise errors.Refused(detail="no")

    with pytest.raises(errors.Refused):
        retry.unit_of_work(work=work, rng=_Lowest())
    assert len(runs) == 1


@pytest.mark.django_db
def test_a_repeatable_unit_refuses_to_start_inside_a_transaction() -> None:
    with pytest.raises(errors.SystemFault):
        retry.unit_of_work(work=lambda: None, rng=_Lowest())
