"""Kraken: customers' orders on the spot market, from our prefunded account there.

API page, authentication, units and limits: ``client``. No webhooks: it is asked. An order whose answer is lost is
looked for by our own ``cl_ord_id`` among open and then among closed orders; sending it again could execute it twice.
A look-up carries a higher nonce than the lost order, so what it does not find can never be executed afterwards.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from core.kernel import errors
from core.kernel.clock import Clock
from core.providers import contract
from core.providers.contract import Operation, Proof, ProviderType, Report, Stage
from core.providers.transport import http
from core.providers.transport.wire import Doc, Malformed
from investing.providers.kraken import mapping, sizing
from investing.providers.kraken.client import CODE, HOSTS, Ask, Client, Credentials
from investing.providers.kraken.mapping import Market
from investing.providers.listing import Listing
from investing.providers.turns import Turns

__all__ = ["CODE", "HOSTS", "Credentials", "KrakenAdapter"]

RULES_LAST_S = 300.0
_TRADES_AT_ONCE = 20
_DEPTH = "100"


# ---------------------------------------------------------------------------------------------------- capabilities
def _capability(*, assets: tuple[str, ...], fee_code: str) -> contract.Capability:
    return contract.Capability(
        type=ProviderType.EXCHANGE,
        operation=Operation.ORDER,
        method="spot",
        assets=assets,
        minimum_units=1,
        maximum_units=10**30,
        eta_seconds=2,
        fee_code=fee_code,
        firm_quote=False,
        server_initiated=True,
        proof=Proof.LOOKUP_BY_KEY,
        key_lifetime=timedelta(days=30),
        needs_cover=True,
        poll_after_s=0.3,
        reversible_for=timedelta(0),
        # The order's deadline is ten seconds; then the exchange itself refuses it.
        proof_after_s=12.0,
    )


# What may be given: money, with the exchange's fee on top; coins, with the fee inside what they bring.
CAPABILITIES = (
    _capability(assets=("USD", "USDC:ethereum"), fee_code="kraken_taker"),
    _capability(assets=("BTC:bitcoin", "ETH:ethereum", "SOL:solana", "SUI:sui"), fee_code="inside_the_price"),
)


# --------------------------------------------------------------------------------------------------------- adapter
class KrakenAdapter:
    """Speaks to Kraken. Stateless but for its open connections and the pairs' rules, which it remembers briefly."""

    code = CODE
    name = "Kraken"
    capabilities: tuple[contract.Capability, ...] = CAPABILITIES

    def __init__(
        self, *, credentials: Credentials, clock: Clock, turns: Turns, limits: http.Limits | None = None
    ) -> None:
        self._client = Client(credentials=credentials, turns=turns, limits=limits)
        self._clock = clock
        self._markets: Mapping[str, Market] = {}
        self._read_at = 0.0

    def listings(self) -> Sequence[Listing]:
        """Return the rules of every pair that we know."""
        return [market.listing for market in self._rules().values()]

    def quote(self, order: contract.Order) -> contract.ProviderQuote:
        fee = order.amount.fraction(self._market(order).listing.taker_fee)
        return contract.ProviderQuote(fee=fee, eta_seconds=CAPABILITIES[0].eta_seconds, firm=False)

    def submit(self, order: contract.Order) -> Report:
        # Its deadline runs from here: looking at rules and book, and waiting for our turn, take their part of it.
        asked_at = self._clock.now()
        market = self._market(order)
        side = str(order.terms["side"])
        book = self._client.public(
            "Depth",
            operation="depth",
            read=lambda depth: sizing.levels(depth, side=side),
            pair=market.altname,
            count=_DEPTH,
        )
        ask = Ask(
            method="AddOrder",
            fields=sizing.fields(order, market=market, book=book, now=asked_at),
            operation=Operation.ORDER,
            writes=True,
            key=order.key,
            correlation_id=order.correlation_id,
        )
        return Report(
            operation=Operation.ORDER,
            stage=Stage.ACCEPTED,
            provider_ref=self._client.private(ask, read=_order_id),
            key=order.key,
            reference=order.reference,
            amount=order.amount,
            raw_status="placed",
            occurred_at=self._clock.now(),
        )

    def status(self, query: contract.Query) -> Report | None:
        """Ask by order id, else by our own name: first what is open, then what is closed, so nothing slips past."""
        if query.provider_ref:
            found = self._ask(query, "QueryOrders", ("txid", query.provider_ref), read=_orders)
        else:
            name = ("cl_ord_id", sizing.client_order_id(query.key))
            found = self._ask(query, "OpenOrders", name, read=lambda answer: _orders(answer.doc("open")))
            found = found or self._ask(query, "ClosedOrders", name, read=lambda answer: _orders(answer.doc("closed")))
        if not found:
            return None
        return self._report(query, found)

    def cancel(self, query: contract.Query) -> Report:
        """Cancel what is open; the answer says what was executed before.

        Raises: OutcomeUnknown (``not_found``) when Kraken knows no such order: it may still be on its way.
        """
        current = self.status(query)
        if current is None:
            raise contract.OutcomeUnknown(code="not_found", detail="Kraken has no order of this name.")
        if current.stage not in {Stage.ACCEPTED, Stage.SUBMITTED}:
            return current
        fields = [("txid", current.provider_ref)]
        ask = Ask(method="CancelOrder", fields=fields, operation="cancel", writes=True, key=query.key)
        with contextlib.suppress(contract.Rejected):  # it ended in between: what follows says how
            self._client.private(ask, read=lambda answer: answer.whole("count"))
        return self.status(replace(query, provider_ref=current.provider_ref)) or current

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        """Return nothing: Kraken tells by WebSocket only, and we ask."""
        return ()

    def probe(self) -> None:
        status = self._client.public("SystemStatus", operation="probe", read=lambda answer: answer.text("status"))
        if status != "online":
            raise contract.Unavailable(code="market_closed", detail=f"Kraken is in {status[:40]}.")
        self._client.private(Ask(method="Balance", fields=(), operation="probe"), read=lambda balances: balances)

    def _report(self, query: contract.Query, found: Mapping[str, Doc]) -> Report:
        name = sizing.client_order_id(query.key)
        try:
            ref, order = _the_one(found)
            return mapping.report(ref, order, trades=self._trades(query, order), query=query, name=name)
        except (Malformed, errors.InvalidInput) as error:
            raise contract.Unavailable(detail=f"The answer is malformed: {error}.") from error

    def _market(self, order: contract.Order) -> Market:
        name = mapping.altname(sizing.pair_of(order))
        found = self._rules().get(name)
        if found is None:
            raise contract.Rejected(code="pair_unknown", detail=f"Kraken does not trade {name}.")
        return found

    def _rules(self) -> Mapping[str, Market]:
        now = time.monotonic()
        if not self._markets or now - self._read_at > RULES_LAST_S:
            found = self._client.public("AssetPairs", operation="listings", read=mapping.markets)
            self._markets, self._read_at = {market.altname: market for market in found}, now
        return self._markets

    def _ask(
        self,
        query: contract.Query,
        method: str,
        by: tuple[str, str],
        *,
        read: Callable[[Doc], dict[str, Doc]],
    ) -> dict[str, Doc]:
        ask = Ask(method=method, fields=[by, ("trades", "true")], operation="status", key=query.key)
        return self._client.private(ask, read=read)

    def _trades(self, query: contract.Query, order: Doc) -> dict[str, Doc]:
        """Return the trades that an order lists."""
        listed = order.fields.get("trades") or []
        ids = [str(one) for one in listed] if isinstance(listed, list) else []
        found: dict[str, Doc] = {}
        for start in range(0, len(ids), _TRADES_AT_ONCE):
            some = ",".join(ids[start : start + _TRADES_AT_ONCE])
            ask = Ask(method="QueryTrades", fields=[("txid", some)], operation="status", key=query.key)
            found |= self._client.private(ask, read=_orders)
        return found


def _order_id(answer: Doc) -> str:
    ids = answer.fields.get("txid")
    if not isinstance(ids, list) or len(ids) != 1 or not isinstance(ids[0], str) or not ids[0]:
        raise Malformed("txid is not one id")
    return ids[0]


def _orders(answer: Doc) -> dict[str, Doc]:
    return {ref: answer.doc(ref) for ref in answer.fields}


def _the_one(found: Mapping[str, Doc]) -> tuple[str, Doc]:
    """Return the order that is meant. Of several with one name, the one that executed something.

    Raises: OutcomeUnknown (``executed_twice``) when that is more than one: a person must look.
    """
    executed = {ref: order for ref, order in found.items() if mapping.exact(order.text("vol_exec"))}
    if len(executed) > 1:
        raise contract.OutcomeUnknown(code="executed_twice", detail=f"Kraken has {', '.join(sorted(executed))}.")
    return next(iter((executed or found).items()))
