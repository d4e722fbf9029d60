"""The chart of accounts: how each account is named, and how names become rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from core.kernel import assets, errors
from core.kernel.assets import Asset
from core.ledger.models import AccountKind, Bound
from core.resilience import statements

CUSTODIES: Final = ("pooled", "wallet")
DOMAINS: Final = ("banking", "investing", "defi")
EXTERNAL_ROLES: Final = ("pending", "available", "in_transit")
CHAIN_ROLES: Final = ("treasury", "gas")
FEES: Final = ("platform", "provider", "network", "compliance", "premium")
COSTS: Final = ("provider", "network", "dispute", "variance")
SYSTEM: Final = ("suspense", "rounding", "equity")


class UnknownAccount(errors.SystemFault):
    """A name that the chart of accounts does not have. A defect of ours."""

    default_code = "unknown_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRef:
    """The name of one account: its code in the chart and the asset instance that lies there."""

    code: str
    asset: str
    kind: AccountKind = field(compare=False)
    bound: Bound = field(default=Bound.NONE, compare=False)
    customer_id: UUID | None = field(default=None, compare=False)
    domain: str = field(default="", compare=False)


def customer(customer_id: UUID, domain: str, asset: Asset | str, role: str = "pooled") -> AccountRef:
    """Name what a customer has in a domain; ``role`` is the custody, pooled or wallet."""
    _known(domain, DOMAINS)
    return AccountRef(
        code=f"cust:{customer_id.hex}:{domain}:{_known(role, CUSTODIES)}",
        asset=_code(asset),
        kind=AccountKind.CUSTOMER,
        bound=Bound.CREDIT,
        customer_id=customer_id,
        domain=domain,
    )


def receivable(customer_id: UUID, asset: Asset | str) -> AccountRef:
    """Name what a customer owes us: never above zero."""
    return AccountRef(
        code=f"cust:{customer_id.hex}:receivable",
        asset=_code(asset),
        kind=AccountKind.RECEIVABLE,
        bound=Bound.DEBT,
        customer_id=customer_id,
    )


def blocked(customer_id: UUID, asset: Asset | str) -> AccountRef:
    """Name what of a customer's money is frozen by a true match or by law."""
    return AccountRef(
        code=f"cust:{customer_id.hex}:blocked",
        asset=_code(asset),
        kind=AccountKind.BLOCKED,
        bound=Bound.CREDIT,
        customer_id=customer_id,
    )


def external(provider: str, role: str, asset: Asset | str) -> AccountRef:
    """Name what a provider holds for us: pending, available or in_transit. Minus is what we own there."""
    return AccountRef(
        code=f"ext:{provider}:{_known(role, EXTERNAL_ROLES)}", asset=_code(asset), kind=AccountKind.EXTERNAL
    )


def on_chain(role: str, asset: Asset | str) -> AccountRef:
    """Name what lies at an address of ours: ``treasury``, or ``gas`` that pays for transactions."""
    return AccountRef(code=f"ext:chain:{_known(role, CHAIN_ROLES)}", asset=_code(asset), kind=AccountKind.EXTERNAL)


def own_address(customer_id: UUID, asset: Asset | str) -> AccountRef:
    """Name what lies at the customer's own address on the asset's chain."""
    return AccountRef(code=f"ext:chain:wallet:{customer_id.hex}", asset=_code(asset), kind=AccountKind.EXTERNAL)


def fee(tier: str, asset: Asset | str) -> AccountRef:
    """Name what customers paid us in a tier."""
    return AccountRef(code=f"fee:{_known(tier, FEES)}", asset=_code(asset), kind=AccountKind.FEE)


def cost(what: str, asset: Asset | str) -> AccountRef:
    """Name what something cost us."""
    return AccountRef(code=f"cost:{_known(what, COSTS)}", asset=_code(asset), kind=AccountKind.COST)


def system(name: str, asset: Asset | str) -> AccountRef:
    """Name our own: suspense, rounding or equity."""
    return AccountRef(code=_known(name, SYSTEM), asset=_code(asset), kind=AccountKind.SYSTEM)


_cache: dict[str, dict[AccountRef, int]] = {}


def known() -> Mapping[AccountRef, int]:
    """Return the row ids that this process remembers of the current database."""
    return _cache.setdefault(str(connection.settings_dict["NAME"]), {})


def ensure(refs: Iterable[AccountRef]) -> dict[AccountRef, int]:
    """Return the row id of every account named, creating what does not exist yet.

    Ids are remembered in this process once their transaction has committed, so that a rolled-back account is not.
    """
    wanted, remembered = set(refs), _cache.setdefault(str(connection.settings_dict["NAME"]), {})
    found = {ref: remembered[ref] for ref in wanted if ref in remembered}
    missing = wanted - found.keys()
    if missing:
        fresh = _load(missing)
        if len(fresh) < len(missing):
            _insert(missing - fresh.keys())
            fresh = _load(missing)
        transaction.on_commit(lambda: remembered.update(fresh))
        found |= fresh
    return found


def forget() -> None:
    """Empty the memory of ids: for tests, which roll back what they created."""
    for remembered in _cache.values():
        remembered.clear()


# A scalar subquery is always a probe of the key: the plan is kept, and may have been made when there were few accounts.
_LOAD: Final = (
    "SELECT w.code, w.asset, (SELECT a.id FROM ledger_account a WHERE a.code = w.code AND a.asset = w.asset)"
    " FROM unnest(%s::text[], %s::text[]) w (code, asset)"
)


def _load(refs: set[AccountRef]) -> dict[AccountRef, int]:
    by_name = {(ref.code, ref.asset): ref for ref in refs}
    rows = statements.fetch(_LOAD, [[ref.code for ref in refs], [ref.asset for ref in refs]])
    return {by_name[code, asset]: pk for code, asset, pk in rows if pk is not None}


def _insert(refs: set[AccountRef]) -> None:
    rows = sorted(refs, key=lambda ref: (ref.code, ref.asset))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_account (code, asset, kind, bound, customer_id, domain)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::text[])"
            " ON CONFLICT (code, asset) DO NOTHING",
            [
                [ref.code for ref in rows],
                [ref.asset for ref in rows],
                [ref.kind.value for ref in rows],
                [ref.bound.value for ref in rows],
                [ref.customer_id for ref in rows],
                [ref.domain for ref in rows],
            ],
        )


def _known(name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise UnknownAccount(detail=f"{name!r} is none of {', '.join(names)}.")
    return name


def _code(asset: Asset | str) -> str:
    return asset.code if isinstance(asset, Asset) else assets.get(asset).code
