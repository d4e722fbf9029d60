"""What must be true afterwards, each compared with the book of whoever really did it: card, bank, exchange, chain."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import requests

from tests.chain.handle import Chain
from tests.chaos.traffic import Asked
from tests.platform import Platform

SETTLED = ["COMPLETED", "YIELD_STRATEGY_ACTIVE", "FAILED", "EXPIRED", "COMPENSATED"]
# The exchange's names of assets, and ours; how many of our units a whole coin has.
COINS = {
    "USD": ("USD", 2),
    "USDC": ("USDC:ethereum", 6),
    "USDT": ("USDT:ethereum", 6),
    "XBT": ("BTC:bitcoin", 8),
    "ETH": ("ETH:ethereum", 18),
    "SOL": ("SOL:solana", 9),
    "SUI": ("SUI:sui", 9),
}
# Its digits of money are finer than ours, and each order is rounded in our disfavour by less than a unit a side.
ROUNDED = frozenset({"USD", "USDC:ethereum"})
TOKENS = ("USDC:ethereum", "USDT:ethereum")
ETHER = "ETH:ethereum"
RECEIPT = "AUSDC:ethereum"
EXECUTED = {"charge": ("charge",), "payout": ("payout",)}
_LEDGER = """
    SELECT a.code, a.asset, sum(l.units)::text FROM ledger_account a JOIN ledger_line l ON l.account_id = a.id
     GROUP BY 1, 2
"""
_ATTEMPTS = """
    SELECT a.key, a.operation, a.state, a.units::text, t.state, t.id::text
      FROM orchestration_attempt a JOIN orchestration_transaction t ON t.id = a.transaction_id
"""
_FILLS = """
    SELECT transaction_id::text, sum(paid)::text, sum(received)::text FROM investing_investingfill GROUP BY 1
"""
_WALLETS = "SELECT owner, customer_id::text, address, (gas_received - gas_spent)::text FROM chains_wallet"
_HOLDS = """
    SELECT h.id::text, coalesce(t.id::text, 'nobody'), coalesce(t.state, '') FROM ledger_hold h
      LEFT JOIN orchestration_transaction t ON t.id = h.transaction_id
     WHERE h.outcome = '' AND (t.id IS NULL OR t.state = ANY(%s))
"""


@dataclass(slots=True)
class Reckoning:
    """Compares one platform, at rest, with the world around it."""

    platform: Platform
    chain: Chain | None
    asked: Sequence[Asked]
    env: Mapping[str, str]
    ledger: dict[tuple[str, str], int] = field(init=False)
    figures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = {(code, asset): int(units) for code, asset, units in self.platform.rows(_LEDGER)}

    def problems(self) -> list[str]:
        """Return everything that is not as it must be."""
        parts = [self._commands(), self._asked_once(), self._holds(), self._stripe(), self._increase(), self._kraken()]
        if self.chain is not None:
            parts += [self._tokens(self.chain), self._ether(self.chain)]
        return [found for part in parts for found in part]

    def of(self, code: str, asset: str) -> int:
        """Return what our books say lies somewhere: an account of what we own is negative."""
        return -self.ledger.get((code, asset), 0)

    def _commands(self) -> Iterator[str]:
        for command, says in (("verify_books", "The books agree"), ("verify_audit", "")):
            done = self.platform.manage(command)
            if done.returncode or says not in done.stdout:
                yield f"{command}: {(done.stdout + done.stderr).strip()[-3000:]}"

    def _asked_once(self) -> Iterator[str]:
        """Every wish that was taken is there once; what was refused is not."""
        sql = "SELECT client_reference, id::text FROM orchestration_transaction WHERE client_reference LIKE 'chaos-%%'"
        there: dict[str, list[str]] = {}
        for reference, number in self.platform.rows(sql):
            there.setdefault(str(reference), []).append(str(number))
        for each in self.asked:
            found = there.pop(each.wish.reference, [])
            if each.id and [UUID(each.id.removeprefix("txn_"))] != [UUID(one) for one in found]:
                yield f"{each.wish.reference} was answered with {each.id}, and there is {found}"
            if each.refused and found:
                yield f"{each.wish.reference} was refused ({each.refused}), and there is {found}"
        if there:
            yield f"nobody asked for {there}"

    def _holds(self) -> Iterator[str]:
        for hold, owner, state in self.platform.rows(_HOLDS, SETTLED):
            yield f"hold {hold} is open, its transaction is {owner} {state}"

    def _attempts(self, operation: str) -> dict[str, tuple[str, int, str, str]]:
        """Return state, units, the transaction's state and its id by key."""
        return {
            str(key): (str(state), int(units), str(txn_state), str(txn))
            for key, kind, state, units, txn_state, txn in self.platform.rows(_ATTEMPTS)
            if kind == operation
        }

    def _executed(self, provider: str, operation: str) -> Iterator[str]:
        """One executed effect for an attempt that succeeded, none for one that did not, none that nobody meant."""
        meant = self._attempts(operation)
        done = [row for row in self.platform.book(provider=provider) if row["operation"] == operation]
        count = Counter(row["key"] for row in done)
        yield from (f"{provider} executed {key} {times} times" for key, times in count.items() if times > 1)
        yield from (f"{provider} executed {key}, which we never meant" for key in count if key not in meant)
        for key, (state, units, txn_state, _) in meant.items():
            if state == "SUCCEEDED" and [row["amount"] for row in done if row["key"] == key] != [units]:
                yield f"{key} succeeded with {units}, {provider} has {[row for row in done if row['key'] == key]}"
            if state in ("REJECTED", "NOT_EXECUTED") and count[key] and txn_state in ("FAILED", "EXPIRED"):
                yield from self._unless_reversed(key, txn_state, provider)
        self.figures[f"{provider} executed"] = str(len(done))

    def _unless_reversed(self, key: str, txn_state: str, provider: str) -> Iterator[str]:
        """What was executed after we gave it up must have a reversal; a transfer that the bank rejected never moved."""
        rejected = [
            row for row in self.platform.book(key=key) if row["operation"] in ("payout_rejection", "payout_return")
        ]
        children = self.platform.rows(
            "SELECT 1 FROM orchestration_transaction c JOIN orchestration_attempt a ON a.transaction_id = c.parent_id"
            " WHERE a.key = %s",
            key,
        )
        if not rejected and not children:
            yield f"{key} is {txn_state}, and {provider} executed it"

    def _stripe(self) -> Iterator[str]:
        yield from self._executed("stripe", "charge")
        told = self._ask("/v1/balance", self.env["STRIPE_API_KEY"])
        theirs = sum(each["amount"] for role in ("pending", "available") for each in told[role])
        ours = sum(self.of(f"ext:stripe:{role}", "USD") for role in ("pending", "available"))
        yield from self._same("Stripe's balance", "USD", theirs, ours)

    def _increase(self) -> Iterator[str]:
        yield from self._executed("increase", "payout")
        account = self.env["INCREASE_ACCOUNT_ID"]
        theirs = self._ask(f"/accounts/{account}/balance", self.env["INCREASE_API_KEY"])["current_balance"]
        yield from self._same("Increase's balance", "USD", theirs, self.of("ext:increase:available", "USD"))
        in_transit = self.of("ext:increase:in_transit", "USD")
        yield from self._same("money in transit at Increase", "USD", 0, in_transit)

    def _kraken(self) -> Iterator[str]:
        """The exchange's own orders, by our names for them, are what we posted; its balances are our books'."""
        meant = {_name_there(key): (key, *rest) for key, rest in self._attempts("order").items()}
        fills = {txn: (int(paid), int(got)) for txn, paid, got in self.platform.rows(_FILLS)}
        orders = self._orders(list(meant))
        posted = 0
        for name, (key, state, _, txn_state, txn) in meant.items():
            executed = [order for order in orders.get(name, []) if Decimal(order["vol_exec"])]
            if len(executed) > 1:
                yield f"{key} was executed {len(executed)} times by the exchange"
            if bool(executed) != (txn in fills):
                yield f"{key} is {state} in {txn_state}: fills of ours {fills.get(txn)}, at the exchange {executed}"
            if executed and txn in fills:
                posted += 1
                coins = fills[txn][1 if executed[0]["descr"]["type"] == "buy" else 0]
                if _whole(executed[0], coins) != Decimal(executed[0]["vol_exec"]):
                    yield f"{key}: {coins} units posted, the exchange executed {executed[0]}"
        self.figures["exchange orders executed"] = str(posted)
        omnibus = self.platform.control("GET", "kraken")["accounts"]["omnibus"]
        for coin, (asset, decimals) in COINS.items():
            theirs = Decimal(omnibus.get(coin, omnibus.get(f"Z{coin}", "0"))).scaleb(decimals)
            slack = 2 * posted if asset in ROUNDED else 0
            yield from self._same(
                "the exchange's balance", asset, theirs, self.of("ext:kraken:available", asset), slack=slack
            )

    def _orders(self, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for name in names:
            found[name] = self.platform.control("GET", "kraken/orders", cl_ord_id=name)["orders"]
        return found

    def _tokens(self, chain: Chain) -> Iterator[str]:
        for owner, customer, address, _ in self._wallets():
            for asset in TOKENS:
                there = chain.balance_of(asset, address)
                yield from self._same(f"the chain, {owner}", asset, there, self.of(_account(owner, customer), asset))
            scaled = chain.ask(RECEIPT, "scaledBalanceOf(address)", address)
            yield from self._same(f"the chain, {owner}", RECEIPT, scaled, self.of(_account(owner, customer), RECEIPT))

    def _ether(self, chain: Chain) -> Iterator[str]:
        """Gas that was brought to an address and not used is ours: it lies there, and is booked with the gas wallet."""
        left = 0
        there: dict[str, int] = {}
        for owner, customer, address, gas in self._wallets():
            there[owner] = chain.ether_of(address)
            if owner != "gas":
                left += gas
                booked = self.of(_account(owner, customer), ETHER)
                yield from self._same(f"the chain, {owner}, gas left {gas}", ETHER, there[owner] - gas, booked)
        yield from self._same("the chain, gas wallet", ETHER, there["gas"] + left, self.of("ext:chain:gas", ETHER))
        self.figures["gas spent, wei"] = str(self.ledger.get(("cost:network", ETHER), 0))

    def _wallets(self) -> list[tuple[str, str | None, str, int]]:
        return [(str(o), c, str(a), int(g)) for o, c, a, g in self.platform.rows(_WALLETS)]

    def _same(self, what: str, asset: str, theirs: int | Decimal, ours: int, *, slack: int = 0) -> Iterator[str]:
        self.figures[f"{what}, {asset}"] = f"{theirs}, our books {ours}"
        if abs(theirs - ours) > slack:
            yield f"{what}: {theirs} {asset}, our books say {ours} ({theirs - ours:+})"

    def _ask(self, path: str, key: str) -> dict[str, Any]:
        url = f"{self.platform.facts['sandbox_url']}{path}"
        answer = requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


def _account(owner: str, customer: str | None) -> str:
    return f"ext:chain:wallet:{UUID(customer).hex}" if customer else f"ext:chain:{owner}"


def _name_there(key: str) -> str:
    """Return our name for an order at the exchange (investing/providers/kraken/sizing.py, which needs Django)."""
    return str(UUID(bytes=hashlib.sha256(f"kraken:{key}".encode()).digest()[:16], version=4))


def _whole(order: dict[str, Any], units: int) -> Decimal:
    """Return units of the base asset of an order's pair in whole coins."""
    base = order["descr"]["pair"].removesuffix("USDC").removesuffix("USD") or "USDC"
    return Decimal(units).scaleb(-COINS[base][1])
