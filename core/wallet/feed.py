"""The channel ``balances`` of the live feed.

A row of the stream says only which balance changed (domain, asset, chain): it is written in the commit that moved the
money, where reading balances would cost every transaction. The figures are read when the row is sent, for all rows of
all customers in one statement, so they are those of the moment ``as_of``, at least as new as the row. A snapshot holds
the same objects. Figures are states, not changes: a client replaces what it has. With ``is_position`` they are units of
an open position, not money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.api import amounts
from core.kernel import assets, clock
from core.kernel.clock import rfc3339
from core.ledger import queries
from core.wallet import figures, positions
from core.wallet.figures import Figures

CHANNEL = "balances"
Json = dict[str, object]
Key = tuple[UUID, str, str]


def snapshot(customer_id: UUID, params: Mapping[str, object]) -> list[Json]:
    """Return every balance of a customer, one per domain and asset instance."""
    del params
    return [
        _shown(domain, found, rfc3339(clock.SYSTEM.now())) for (_, domain, _), found in _read([customer_id]).items()
    ]


def complete(rows: Sequence[tuple[UUID, Json]]) -> list[Json]:
    """Add the present figures to rows that say which balance changed."""
    at = rfc3339(clock.SYSTEM.now())
    found = _read(sorted({customer_id for customer_id, _ in rows}))
    return [_completed(found, customer_id, data, at) for customer_id, data in rows]


def _completed(found: Mapping[Key, Figures], customer_id: UUID, data: Json, at: str) -> Json:
    chain = data.get("chain")
    code = str(data["asset"]) if chain is None else f"{data['asset']}:{chain}"
    now = found.get((customer_id, str(data["domain"]), code)) or Figures.zero(assets.get(code))
    return {**data, **_shown(str(data["domain"]), now, at)}


def _read(customer_ids: Sequence[UUID]) -> dict[Key, Figures]:
    """Return the figures of these customers, pooled and in wallets together, in one statement."""
    sums: dict[Key, Figures] = {}
    for balance in figures.own(queries.balances_of(customer_ids=customer_ids)):
        key = (balance.customer_id, balance.domain, balance.asset)
        before = sums.get(key)
        sums[key] = Figures.of(balance) if before is None else before + Figures.of(balance)
    return sums


def _shown(domain: str, now: Figures, at: str) -> Json:
    return {
        "domain": domain,
        "asset": now.asset.symbol,
        "chain": now.asset.chain,
        "is_position": positions.is_position(now.asset),
        "available": amounts.render(now.available),
        "held": amounts.render(now.held),
        "incoming": amounts.render(now.incoming),
        "total": amounts.render(now.total),
        "reversible": amounts.render(now.reversible),
        "withdrawable": amounts.render(now.withdrawable),
        "as_of": at,
    }
