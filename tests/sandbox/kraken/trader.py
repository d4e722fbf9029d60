"""A client of Kraken written for these tests from its documentation alone: it signs, sends, and shows what came."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import time
from typing import Any
from urllib.parse import urlencode

import requests

from tests.sandbox.rig import KRAKEN_KEY, KRAKEN_SECRET, Sandbox

_drawn = itertools.count()


def new_nonce() -> int:
    """Return a nonce above all before it: the time, and in it a counter."""
    return time.time_ns() // 1_000_000 * 1_000_000 + next(_drawn)


class Trader:
    """One key's owner."""

    def __init__(self, sandbox: Sandbox, *, key: str = KRAKEN_KEY, secret: str = KRAKEN_SECRET) -> None:
        self.sandbox = sandbox
        self.key = key
        self.secret = secret

    def public(self, method: str, **query: object) -> Any:
        """Return the result of a public method."""
        return _result(requests.get(f"{self.sandbox.url}/0/public/{method}", params=query, timeout=5).json())  # type: ignore[arg-type]

    def ask(self, method: str, *, nonce: int | None = None, timeout_s: float = 5, **fields: object) -> Any:
        """Return the whole answer of a private method."""
        path = f"/0/private/{method}"
        body = urlencode({"nonce": new_nonce() if nonce is None else nonce, **fields})
        headers = {
            "API-Key": self.key,
            "API-Sign": self.sign(path, body),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return requests.post(self.sandbox.url + path, data=body, headers=headers, timeout=timeout_s).json()

    def private(self, method: str, **fields: object) -> Any:
        """Return the result of a private method that must succeed."""
        return _result(self.ask(method, **fields))

    def sign(self, path: str, body: str) -> str:
        """Return API-Sign as Kraken documents it; the nonce is the first field of the body."""
        nonce = body.partition("&")[0].partition("=")[2]
        message = path.encode() + hashlib.sha256((nonce + body).encode()).digest()
        return base64.b64encode(hmac.new(base64.b64decode(self.secret), message, hashlib.sha512).digest()).decode()

    def order(self, side: str, volume: str, price: str = "", *, pair: str = "XBTUSD", **fields: object) -> str:
        """Place an order that must be taken and return its id."""
        how = {"ordertype": "limit", "price": price} if price else {"ordertype": "market"}
        ids: list[str] = self.private("AddOrder", pair=pair, type=side, volume=volume, **how, **fields)["txid"]
        return ids[0]

    def error(self, side: str, volume: str, price: str = "", *, pair: str = "XBTUSD", **fields: object) -> list[str]:
        """Return the errors of an order."""
        how = {"ordertype": "limit", "price": price} if price else {"ordertype": "market"}
        errors: list[str] = self.ask("AddOrder", pair=pair, type=side, volume=volume, **how, **fields)["error"]
        return errors

    def look(self, id_: str) -> Any:
        """Return an order with its trades."""
        return self.private("QueryOrders", txid=id_, trades="true")[id_]

    def fills(self, id_: str) -> list[Any]:
        """Return an order's trades, as it lists them."""
        ids = self.look(id_)["trades"]
        return list(self.private("QueryTrades", txid=",".join(ids)).values()) if ids else []

    def set_price(self, pair: str, price: str, **depth: int) -> Any:
        """Put a price, and how the house quotes."""
        if depth:
            self.sandbox.control("POST", "kraken/depth", {"pair": pair, **depth})
        return self.sandbox.control("POST", "kraken/price", {"pair": pair, "price": price})


def _result(answer: Any) -> Any:
    assert answer["error"] == [], answer
    return answer["result"]
