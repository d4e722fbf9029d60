"""A short version of ``make chaos``: CHAOS_SEED repeats a run's decisions (the moments are the machine's)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest

from tests.chaos import campaign
from tests.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
LONG = os.environ.get("DIBOAS_LONG") == "1"


@pytest.fixture
def own_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Run a platform with a database of its own, so that PostgreSQL can be killed as well."""
    made = Platform(var=tmp_path_factory.mktemp("chaos") / "var", database_url="")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_nothing_is_lost_doubled_or_hidden_whatever_breaks(own_platform: Platform) -> None:
    seed = int(os.environ.get("CHAOS_SEED", secrets.randbelow(1_000_000)))
    order = campaign.Order(seed=seed, transactions=400 if LONG else 45, seconds=240 if LONG else 25)

    outcome = campaign.run(own_platform, order)

    assert outcome.problems == [], f"CHAOS_SEED={seed}"
    assert outcome.asked >= order.transactions
    assert outcome.struck.total() >= 5
