"""Whoever listens hears of news, and everybody sees how far we are."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from core.chains.following import listeners
from core.chains.models import Cursor
from core.health import metrics
from tests.chain.handle import Chain
from tests.core.chains.acts import Heard, pay, tick


def test_a_listener_that_fails_stops_nobody(ethereum: Chain, heard: Heard) -> None:
    def broken(_keys: Sequence[str]) -> None:
        raise RuntimeError("no")

    listeners._operation.insert(0, broken)
    pay(ethereum)

    tick(ethereum)

    assert heard.operations == ["k1"]


def test_the_lag_is_a_figure_for_everybody(ethereum: Chain) -> None:
    tick(ethereum)
    Cursor.objects.update(node_number=F("number") + 7)
    pay(ethereum)

    text = metrics.render().decode()

    assert 'diboas_chain_blocks_behind{chain="ethereum"} 7.0' in text
    assert 'diboas_chain_operations_open{chain="ethereum",state="pending"} 1.0' in text
    assert "diboas_scrape_errors 0.0" in text
