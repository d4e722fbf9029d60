"""A process is alive as long as it says so, by the database's clock."""

from datetime import timedelta

import pytest
from django.db import connection

from core.resilience import heartbeats

pytestmark = pytest.mark.django_db


def test_a_recent_sign_of_life_is_reported_with_its_detail() -> None:
    heartbeats.beat(name="relay", detail="first")
    heartbeats.beat(name="relay", detail="pid 7")

    assert heartbeats.check(name="relay", within=timedelta(seconds=10)).endswith("s ago pid 7")


def test_a_silent_process_is_told() -> None:
    heartbeats.beat(name="relay")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE resilience_heartbeat SET at = clock_timestamp() - interval '11 seconds'")

    with pytest.raises(heartbeats.Silent, match="11 s ago"):
        heartbeats.check(name="relay", within=timedelta(seconds=10))


def test_a_process_that_never_spoke_is_told() -> None:
    with pytest.raises(heartbeats.Silent, match="never"):
        heartbeats.check(name="relay", within=timedelta(seconds=10))
