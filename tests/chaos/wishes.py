"""What customers ask for: drawn at random from what each of them could do now."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.platform import Client

Json = dict[str, Any]
DOLLARS = {"asset": "USD"}
COINS = {
    "BTC": {"asset": "BTC", "chain": "bitcoin"},
    "ETH": {"asset": "ETH", "chain": "ethereum"},
    "SOL": {"asset": "SOL", "chain": "solana"},
    "USDC": {"asset": "USDC", "chain": "ethereum"},
    "USDT": {"asset": "USDT", "chain": "ethereum"},
}
STRATEGY = "aave_v3_usdc"
# What is swapped for what, and how much one must have for it.
SWAPS = (("USDC", "ETH", 200), ("USDC", "USDT", 200), ("USDT", "USDC", 200), ("ETH", "USDC", Decimal("0.06")))
# How often each is asked for. Where there is no chain, what needs one is left out.
WEIGHTS = {
    "deposit": 4,
    "withdrawal": 4,
    "transfer": 3,
    "buy": 6,
    "sell": 4,
    "swap": 4,
    "start_strategy": 3,
    "harvest": 2,
    "stop_strategy": 2,
}
ON_CHAIN = frozenset({"swap", "start_strategy", "harvest", "stop_strategy"})
DOMAIN = {"buy": "investing", "sell": "investing"} | dict.fromkeys(ON_CHAIN, "defi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing that a customer asks for. The reference is the idempotency key and the client's own reference."""

    person: str
    kind: str
    body: Json
    reference: str

    @property
    def domain(self) -> str:
        return DOMAIN.get(self.kind, "banking")


@dataclass(slots=True)
class Mind:
    """Decides what is asked for next; the same seed decides the same where the customers are in the same place."""

    rng: random.Random
    people: dict[str, Client]
    with_chain: bool
    kinds: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = tuple(kind for kind in WEIGHTS if self.with_chain or kind not in ON_CHAIN)

    def next(self, reference: str) -> Wish:
        """Return a wish; what the customer cannot do now is replaced by something that he can."""
        name = self.rng.choice(sorted(self.people))
        kind = self.rng.choices(self.kinds, [WEIGHTS[each] for each in self.kinds])[0]
        body = self._body(kind, self.people[name])
        if body is None:
            kind = "buy"
            body = self._buy()
        body = {"kind": kind, **body, "client_reference": reference}
        return Wish(person=name, kind=kind, body=body, reference=reference)

    def _body(self, kind: str, person: Client) -> Json | None:
        """Raises: requests.RequestException, AssertionError when the platform does not answer what he has."""
        if kind in ("deposit", "withdrawal"):
            wish = person.wish(kind, self._dollars(15, 90))
            return {name: value for name, value in wish.items() if name != "kind"}
        if kind == "transfer":
            to = self.rng.choice(sorted(name for name in self.people if name != person.handle))
            return {"source": {**DOLLARS, "amount": self._dollars(10, 60)}, "to": {"handle": to}}
        if kind == "buy":
            return self._buy()
        if kind == "sell":
            return self._sell(person)
        if kind == "swap":
            return self._swap(person)
        if kind == "start_strategy":
            return self._start(person)
        return self._of_position(person)

    def _buy(self) -> Json:
        coin = self.rng.choice(["BTC", "BTC", "ETH", "SOL", "USDC", "USDC"])
        return {"source": {**DOLLARS, "amount": self._dollars(40, 400)}, "target": COINS[coin]}

    def _sell(self, person: Client) -> Json | None:
        """Sell a part of what he holds of a coin."""
        held = {
            row["quantity"]["asset"]: row["quantity"]["amount"] for row in person.get("/investing/positions")["data"]
        }
        coins = [coin for coin in ("BTC", "ETH", "SOL") if Decimal(held.get(coin, "0")) > 0]
        if not coins:
            return None
        coin = self.rng.choice(coins)
        part = Decimal(held[coin]) * self.rng.randint(20, 70) / 100
        amount = part.quantize(Decimal("1e-6"), ROUND_DOWN)
        return {"source": {**COINS[coin], "amount": f"{amount:f}"}, "target": DOLLARS} if amount else None

    def _swap(self, person: Client) -> Json | None:
        """Swap a part of what he has."""
        has = {row["asset"]: Decimal(row["total"]["amount"]) for row in person.get("/wallet")["assets"]}
        able = [(given, got) for given, got, least in SWAPS if has.get(given, Decimal(0)) > least]
        if not able:
            return None
        given, got = self.rng.choice(able)
        amount = f"0.0{self.rng.randint(25, 60)}" if given == "ETH" else self._dollars(60, 200)
        return {"source": {**COINS[given], "amount": amount}, "target": COINS[got], "max_slippage_bps": 100}

    def _start(self, person: Client) -> Json | None:
        """Start a strategy, unless he has a position in it: then it is stopped."""
        if any(row["status"] != "closed" for row in person.get("/defi/positions")["data"]):
            return None
        return {"source": {**COINS["USDC"], "amount": self._dollars(60, 200)}, "strategy": STRATEGY}

    def _of_position(self, person: Client) -> Json | None:
        open_now = [row for row in person.get("/defi/positions")["data"] if row["status"] == "active"]
        return {"position_id": self.rng.choice(open_now)["id"]} if open_now else None

    def _dollars(self, least: int, most: int) -> str:
        return f"{self.rng.randint(least, most)}.{self.rng.randint(0, 99):02d}"
