"""The public channel: only changes are news, and one follower numbers them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from core.outbox import snapshots, streams
from core.providers import registry
from core.realtime import providers
from core.realtime.feed import PUBLIC
from core.resilience import breaker
from tests.databases import Clone


@pytest.fixture
def code() -> Iterator[str]:
    """A provider that can do nothing but be there."""
    name = f"p{secrets.token_hex(4)}"
    registry.register(lambda: SimpleNamespace(code=name, name="Test", capabilities=()), code=name)  # type: ignore[arg-type,return-value]  # nobody calls it
    yield name
    registry._factories.pop(name)


def _rows(code: str) -> list[dict[str, object]]:
    page = streams.read(customer_id=PUBLIC, channel="providers", after_seq=0)
    return [row.data for row in page.rows if row.data["provider"] == code]


@pytest.mark.django_db
def test_only_what_changed_is_news(code: str) -> None:
    providers.follow()
    providers.follow()
    before = _rows(code)
    breaker.Breaker(name=f"{code}:probe").force_open(actor="staff:1", reason="test")
    providers.follow()
    providers.follow()
    after = _rows(code)

    assert [row["operations"][1] for row in before] == [  # type: ignore[index]  # JSON
        {"operation": "probe", "breaker": before[0]["operations"][1]["breaker"], "success_rate": "0.95"}  # type: ignore[index]  # JSON
    ]
    assert len(after) == 2
    assert after[1]["operations"][1]["breaker"] != before[0]["operations"][1]["breaker"]  # type: ignore[index]  # JSON


@pytest.mark.django_db
def test_the_snapshot_says_what_the_stream_said(code: str) -> None:
    assert [f for f in snapshots.get("providers").snapshot(PUBLIC, {}) if f["provider"] == code] == []

    providers.follow()

    assert [f for f in snapshots.get("providers").snapshot(PUBLIC, {}) if f["provider"] == code] == _rows(code)
    assert snapshots.get("providers").is_public


def test_a_second_follower_does_nothing(committed_db: Clone, code: str) -> None:
    got: list[int] = []

    def second() -> None:
        got.append(providers.follow())
        connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('realtime.providers'))")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)

    assert got == [0]
    assert _rows(code) == []
    assert providers.follow() >= 1
