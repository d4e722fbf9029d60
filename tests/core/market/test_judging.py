"""What is believed of a source, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.market import judging
from core.market.judging import Known, Rules, Why
from core.market.sources import Bar
from tests.core.market.factories import tick

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = Rules(band_bps=1_000, believe_after=timedelta(seconds=60))


def _why(price: str, known: Known | None, *, bid: str = "", ask: str = "") -> Why | None:
    return judging.judge(tick=tick("BTC/USD", price, bid=bid, ask=ask), known=known, rules=RULES, at=AT).why


@pytest.mark.parametrize(
    ("last", "price"), [("100", "100"), ("99.5", "99.5"), ("40", "99"), ("170", "101.25")], ids=str
)
def test_the_price_is_the_last_trade_inside_what_one_could_trade_at(last: str, price: str) -> None:
    found = judging.judge(tick=tick("BTC/USD", last, bid="99", ask="101.25"), known=None, rules=RULES, at=AT)

    assert (found.price, found.why) == (Decimal(price), None)


@pytest.mark.parametrize(
    ("tick_", "why"),
    [
        (("0", "", ""), Why.NOT_POSITIVE),
        (("-1", "", ""), Why.NOT_POSITIVE),
        (("100", "0", "101"), Why.NOT_POSITIVE),
        (("1.0000000000000000001", "", ""), Why.TOO_LONG),
        (("100000000000000000000", "", ""), Why.TOO_LONG),
        (("100", "101", "99"), Why.CROSSED),
        (("100", "90", "101"), Why.WIDE),
    ],
)
def test_what_cannot_be_is_refused(tick_: tuple[str, str, str], why: Why) -> None:
    last, bid, ask = tick_

    assert _why(last, None, bid=bid, ask=ask) is why


@pytest.mark.parametrize(("price", "why"), [("110", None), ("110.01", Why.JUMP), ("90.91", None), ("90.90", Why.JUMP)])
def test_the_band_is_exact_at_its_edges(price: str, why: Why | None) -> None:
    assert _why(price, Known(price=Decimal(100))) is why


def test_a_jump_is_believed_once_its_source_has_kept_saying_so() -> None:
    def after(seconds: int) -> Why | None:
        known = Known(price=Decimal(100), doubted=Decimal(60), doubted_since=AT - timedelta(seconds=seconds))
        return _why("62", known)

    assert (after(59), after(60)) == (Why.JUMP, None)


def test_a_price_that_jumps_about_is_never_believed() -> None:
    known = Known(price=Decimal(100), doubted=Decimal(60), doubted_since=AT - timedelta(hours=1))

    found = judging.judge(tick=tick("BTC/USD", "200"), known=known, rules=RULES, at=AT)

    assert (found.why, found.since) == (Why.JUMP, AT)


@pytest.mark.parametrize(
    ("values", "sound"),
    [
        (("10", "12", "9", "11", "0"), True),
        (("10", "10", "10", "10", "3.5"), True),
        (("13", "12", "9", "11", "1"), False),
        (("10", "12", "9", "8", "1"), False),
        (("0", "12", "0", "11", "1"), False),
        (("10", "12", "9", "11", "-1"), False),
    ],
)
def test_candles_are_sound_or_left_out(values: tuple[str, ...], sound: bool) -> None:
    opened, high, low, close, volume = map(Decimal, values)
    bar = Bar(start=AT, open=opened, high=high, low=low, close=close, volume=volume, trades=1)

    assert judging.is_sound(bar) is sound
