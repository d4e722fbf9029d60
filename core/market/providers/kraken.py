"""Kraken's public market data.

API: https://docs.kraken.com/api/docs/rest-api/get-ticker-information and .../get-ohlc-data. No authentication.
Envelope: always ``{"error": [...], "result": {...}}``, usually with HTTP 200 even for an error. Prices are strings.
Names: XBT is BTC; the key of an answer (XXBTZUSD) is not the name that was asked for (XBTUSD); one unknown pair spoils
the whole answer. A ticker carries no time: it is of the moment of the call.
Limits: about one call a second by address; OHLC gives at most the last 720 candles, the newest of them incomplete.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import urlencode

import structlog

from core.market.sources import Bar, Tick
from core.providers import contract
from core.providers.transport import http, wire

T = TypeVar("T")
CODE: Final = "kraken"
HOSTS: Final = frozenset({"api.kraken.com"})
# Our pair -> (the name to ask for, the name in the answer).
NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "BTC/USD": ("XBTUSD", "XXBTZUSD"),
        "ETH/USD": ("ETHUSD", "XETHZUSD"),
        "SOL/USD": ("SOLUSD", "SOLUSD"),
        "SUI/USD": ("SUIUSD", "SUIUSD"),
        "USDC/USD": ("USDCUSD", "USDCUSD"),
        "USDT/USD": ("USDTUSD", "USDTZUSD"),
        "EUR/USD": ("EURUSD", "ZEURZUSD"),
        "GBP/USD": ("GBPUSD", "ZGBPZUSD"),
    }
)
_UNKNOWN_PAIR: Final = ("EQuery:Unknown asset pair", "EQuery:Invalid asset pair")
_TOO_FAST: Final = ("EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EGeneral:Temporary lockout")
_RETRY_AFTER_S: Final = 5.0
_ASK_AGAIN_S: Final = 600.0
# A price that comes late is no price: the next round asks again in a few seconds.
_LIMITS: Final = http.Limits(connect_s=2.0, read_s=3.0, total_s=5.0, idle_s=20.0)
_CANDLE_FIELDS: Final = 8
_LATEST: Final = 2**37
_PLAIN: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,18})?", re.ASCII)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where Kraken is reached."""

    base_url: str
    allowed_hosts: frozenset[str] = HOSTS


class UnknownPair(contract.Rejected):
    """Kraken does not trade one of the pairs that were asked for."""

    default_code = "unknown_pair"


class KrakenMarket:
    """Reads tickers and candles. Remembers for a while which pairs Kraken does not trade."""

    code = CODE
    name = "Kraken"

    def __init__(self, *, place: Place) -> None:
        self._unknown: dict[str, float] = {}
        self._client = http.Client(
            provider=CODE,
            base_url=place.base_url,
            allowed_hosts=place.allowed_hosts,
            headers={"Accept": "application/json"},
            limits=_LIMITS,
        )

    def ticks(self, pairs: Sequence[str]) -> list[Tick]:
        """Ask for all in one call; if one is unknown there, for each by itself, and for that one not soon again."""
        known = [pair for pair in pairs if self._asked_for(pair)]
        if not known:
            return []
        try:
            return self._ticks(known)
        except UnknownPair:
            return [tick for pair in known for tick in self._alone(pair)]

    def bars(self, *, pair: str, interval_s: int, since: datetime | None) -> list[Bar]:
        if not self._asked_for(pair):
            return []
        query = {"pair": NAMES[pair][0], "interval": str(interval_s // 60)}
        if since is not None:
            query["since"] = str(int(since.timestamp()))
        try:
            return self._ask("OHLC", query, lambda result: _bars(result, pair))
        except UnknownPair:
            self._note_unknown(pair)
            return []

    def _asked_for(self, pair: str) -> bool:
        return pair in NAMES and time.monotonic() >= self._unknown.get(pair, 0)

    def _note_unknown(self, pair: str) -> None:
        self._unknown[pair] = time.monotonic() + _ASK_AGAIN_S
        _log.warning("market.pair_unknown", source=CODE, pair=pair)

    def _alone(self, pair: str) -> list[Tick]:
        try:
            return self._ticks([pair])
        except UnknownPair:
            self._note_unknown(pair)
            return []

    def _ticks(self, pairs: Sequence[str]) -> list[Tick]:
        names = ",".join(NAMES[pair][0] for pair in pairs)
        return self._ask("Ticker", {"pair": names}, lambda result: [_tick(result, pair) for pair in pairs])

    def _ask(self, method: str, query: Mapping[str, str], read: Callable[[wire.Doc], list[T]]) -> list[T]:
        call = http.Call(
            operation=method.lower(), method="GET", path=f"/0/public/{method}?{urlencode(query)}", logged=False
        )
        return self._client.ask(call, read=lambda doc: read(_result(doc)), refusal=_refusal)


def _refusal(answer: http.Answer) -> contract.ProviderError:
    return contract.Unavailable(detail=f"Kraken answered {answer.status}.")


def _result(doc: wire.Doc) -> wire.Doc:
    """Return what is inside the envelope.

    Raises: UnknownPair, RateLimited, Unavailable (any other error: nothing was executed, for nothing can be).
    """
    said = doc.fields.get("error")
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise wire.Malformed("error is not a list of texts")
    faults = [str(each) for each in said if not str(each).startswith("W")]
    if not faults:
        return doc.doc("result")
    first = faults[0][:200]
    if first.startswith(_UNKNOWN_PAIR):
        raise UnknownPair(detail="Kraken does not know a pair.", provider_code=first)
    if first.startswith(_TOO_FAST):
        raise contract.RateLimited(retry_after_s=_RETRY_AFTER_S, detail="Kraken says: too fast.", provider_code=first)
    raise contract.Unavailable(detail=f"Kraken says {first}.", provider_code=first)


def _tick(result: wire.Doc, pair: str) -> Tick:
    """Read one ticker: ``a`` is the best ask, ``b`` the best bid, ``c`` the last trade, each with its price first."""
    ticker = result.find_doc(NAMES[pair][1]) or result.doc(NAMES[pair][0])
    return Tick(pair=pair, bid=_first(ticker, "b"), ask=_first(ticker, "a"), last=_first(ticker, "c"))


def _first(ticker: wire.Doc, name: str) -> Decimal:
    values = ticker.fields.get(name)
    if not isinstance(values, list) or not values:
        raise wire.Malformed(f"{name} is not a list")
    return _number(values[0], name)


def _bars(result: wire.Doc, pair: str) -> list[Bar]:
    rows = result.fields.get(NAMES[pair][1], result.fields.get(NAMES[pair][0]))
    if not isinstance(rows, list):
        raise wire.Malformed("candles are not a list")
    return [_bar(row) for row in rows]


def _bar(row: object) -> Bar:
    """Read [time, open, high, low, close, vwap, volume, count]."""
    if not isinstance(row, list) or len(row) < _CANDLE_FIELDS:
        raise wire.Malformed("a candle is not a list of eight")
    at, count = row[0], row[7]
    if not isinstance(at, int) or not isinstance(count, int) or at < 0 or count < 0:
        raise wire.Malformed("a candle's time or count is not a whole number")
    opened, high, low, close = (_number(value, "a candle") for value in row[1:5])
    return Bar(
        start=datetime.fromtimestamp(min(at, _LATEST), UTC),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=_number(row[6], "a candle"),
        trades=count,
    )


def _number(value: object, name: str) -> Decimal:
    """Read a plain decimal text; what is longer than any price is none."""
    if not isinstance(value, str) or _PLAIN.fullmatch(value) is None:
        raise wire.Malformed(f"{name} is not a decimal number")
    return Decimal(value)
