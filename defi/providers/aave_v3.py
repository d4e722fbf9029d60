"""Aave V3: coins are supplied to its pool and redeemed from it by the customer's own address.

API: contracts on Ethereum, https://aave.com/docs/developers/smart-contracts/pool (checked 2026-11-22, revision 11).
Auth: the keystore signs. Units: the token's smallest; indexes and rates are rays (27 decimals). What the pool gives for
a supply rebases; what is kept here are its scaled units, which do not (``scaledBalanceOf``).
Rate limits: the node's. Fees: none but gas. Idempotency: the key of the order is the key of the operation in our own
table (ADR 0050). Revisions before 9 round half up, later ones for the pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.chains import abi, adapter, config, evm, reports, wallets
from core.chains.config import ChainConfig
from core.chains.operations import OperationView, Step
from core.chains.reports import Outcome
from core.chains.views import StepView
from core.kernel import assets
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, ProviderType, Report
from defi.analysis import rays
from defi.analysis.rays import Index
from defi.providers import sending

CODE = "aave_v3"
METHOD = "aave_v3"
POOL = "aave_v3.pool"
# What is held for a supply of each asset.
RECEIPTS = {"USDC:ethereum": "AUSDC:ethereum"}
UNDERLYING = {receipt: asset for asset, receipt in RECEIPTS.items()}
# Gas of the whole operation, for estimates: measured on the development chain, with room.
GAS_OF_A_SUPPLY = 320_000
GAS_OF_A_WITHDRAWAL = 280_000
ALL = "all"

_SUPPLY = "supply(address,uint256,address,uint16)"
_WITHDRAW = "withdraw(address,uint256,address)"
_RESERVE = "uint256" + ",uint128" * 5 + ",uint40,uint16" + ",address" * 4 + ",uint128" * 3
_SUPPLIED = abi.topic("Supply(address,address,address,uint256,uint16)")
_WITHDRAWN = abi.topic("Withdraw(address,address,address,uint256)")
_UPDATED = abi.topic("ReserveDataUpdated(address,uint256,uint256,uint256,uint256,uint256)")


def _capability(operation: Operation, codes: Sequence[str]) -> contract.Capability:
    return adapter.capability(
        provider=ProviderType.DEFI, operation=operation, method=METHOD, assets=codes, fee_code="inside_the_price"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What the pool says of one asset as of the newest block. Units: ``rate`` is a ray, simple, a year.

    ``room`` is how much more it takes, None where there is no cap.
    """

    index: Index
    rate: int
    available: Money
    room: Money | None
    is_active: bool
    is_frozen: bool
    is_paused: bool
    block_time: datetime

    @property
    def is_open(self) -> bool:
        """Whether the pool takes supplies."""
        return self.is_active and not self.is_frozen and not self.is_paused


# Requests


def supply_call(*, token: str, units: int, owner: str) -> bytes:
    """Return the call that supplies tokens on behalf of their owner."""
    return abi.encode(_SUPPLY, token, units, owner, 0)


def withdraw_call(*, token: str, units: int, to: str) -> bytes:
    """Return the call that redeems; the largest number there is means everything."""
    return abi.encode(_WITHDRAW, token, units, to)


# Answers


def read_reserve(asset: Asset) -> Reserve:
    """Return what the pool says of an asset now.

    Raises: Refused (``chain_unavailable``), Unavailable, RateLimited.
    """
    chain = asset.chain or ""
    given = config.get(chain)
    pool, token = given.contract(POOL), given.token(asset)
    known = abi.decode(_RESERVE, _ask(chain, pool, "getReserveData(address)", token))
    bits, rate, receipt, treasury = int(known[0]), int(known[2]), str(known[8]), int(known[12])
    index = _index(chain, pool, token)
    (scaled,) = abi.decode("uint256", _ask(chain, receipt, "scaledTotalSupply()"))
    cap = (bits >> 116 & (2**36 - 1)) * 10**asset.decimals
    taken = index.worth(int(scaled) + treasury)
    return Reserve(
        index=index,
        rate=rate,
        available=_available(chain, pool, asset, receipt),
        room=Money(max(cap - taken, 0), asset) if cap else None,
        is_active=bool(bits >> 56 & 1),
        is_frozen=bool(bits >> 57 & 1),
        is_paused=bool(bits >> 60 & 1),
        block_time=sending.chain_time(chain),
    )


def supplied(view: OperationView) -> Outcome:
    """Read from the logs what a supply gave: the amount, and the scaled units that the balance grew by."""
    step, given = view.step("supply"), config.get(view.chain)
    token, index = _token(step), _index_of(step, view.chain, given)
    (_, amount) = abi.decode("address,uint256", _data(step, given, _SUPPLIED))
    asset = _asset(given, token)
    units = Money.of(index.minted(int(amount)), RECEIPTS[asset.code])
    return Outcome(spent=Money(int(amount), asset), received=units, facts=_facts(view, step, units, index))


def redeemed(view: OperationView) -> Outcome:
    """Read from the logs what a redemption brought, and how many scaled units it burned."""
    step, given = view.step("withdraw"), config.get(view.chain)
    token, index = _token(step), _index_of(step, view.chain, given)
    (amount,) = abi.decode("uint256", _data(step, given, _WITHDRAWN))
    asset = _asset(given, token)
    units = Money.of(index.burned(int(amount)), RECEIPTS[asset.code])
    return Outcome(spent=units, received=Money(int(amount), asset), facts=_facts(view, step, units, index))


class AaveV3(adapter.ChainAdapter):
    """The adapter. Its verbs are the contract's; see ``core.providers.contract``."""

    code: str = CODE
    name: str = "Aave V3"
    capabilities: tuple[contract.Capability, ...] = (
        _capability(Operation.SUPPLY, list(RECEIPTS)),
        _capability(Operation.REDEEM, list(UNDERLYING)),
    )

    def gas_of(self, operation: Operation) -> int:
        return GAS_OF_A_SUPPLY if operation is Operation.SUPPLY else GAS_OF_A_WITHDRAWAL

    def steps(self, order: Order) -> Sequence[Step]:
        """Supply the order's amount, or redeem as its terms say."""
        build = _supply_steps if order.operation is Operation.SUPPLY else _withdraw_steps
        return sending.with_gas(order, build(order))

    def report(self, view: OperationView, operation: Operation) -> Report:
        if operation is Operation.SUPPLY:
            step, given = view.step("supply"), config.get(view.chain)
            amount = Money(int(_arguments(step, _SUPPLY)[1]), _asset(given, _token(step)))
            return reports.report(view=view, operation=operation, amount=amount, read=supplied)
        return reports.report(view=view, operation=operation, read=redeemed)

    def probe(self) -> None:
        """Ask the pool for its index."""
        for code in RECEIPTS:
            asset = assets.get(code)
            given = config.get(asset.chain or "")
            _index(given.code, given.contract(POOL), given.token(asset))


def _supply_steps(order: Order) -> list[Step]:
    given, owner = config.get(adapter.chain_of(order)), adapter.owner_of(order)
    pool, token = given.contract(POOL), given.token(order.amount.asset)
    address = wallets.address_of(owner=owner, chain=given.code)
    data = supply_call(token=token, units=order.amount.units, owner=address)
    allowing = sending.allowances(owner=owner, amount=order.amount, spender=pool)
    return [*allowing, Step(sender=owner, to=pool, data=data, label="supply")]


def _withdraw_steps(order: Order) -> list[Step]:
    given, owner = config.get(adapter.chain_of(order)), adapter.owner_of(order)
    asset = assets.get(UNDERLYING[order.amount.asset.code])
    asked = str(order.terms["withdraw"])
    units = abi.MAX_UINT256 if asked == ALL else int(asked)
    address = wallets.address_of(owner=owner, chain=given.code)
    data = withdraw_call(token=given.token(asset), units=units, to=address)
    return [Step(sender=owner, to=given.contract(POOL), data=data, label="withdraw")]


def _arguments(step: StepView, signature: str) -> tuple[Any, ...]:
    return abi.decode(",".join(abi.types_of(signature)), bytes.fromhex(step.data[10:]))


def _token(step: StepView) -> str:
    """Return the token that a stored call is about, which is its first argument."""
    return str(abi.decode("address", bytes.fromhex(step.data[10:74]))[0]).lower()


def _asset(given: ChainConfig, token: str) -> Asset:
    return given.watched()[token]


def _data(step: StepView, given: ChainConfig, topic: str) -> bytes:
    """Return the data of the pool's one log of this kind about this call's token.

    Raises: OutcomeUnknown where there is not exactly one: nothing is booked on a guess.
    """
    pool, token = given.contract(POOL).lower(), abi.topic_of(_token(step))
    found = [log for log in step.logs if log.address == pool and log.topics[:2] == (topic, token)]
    if len(found) != 1:
        raise contract.OutcomeUnknown(code="logs_not_understood", detail=f"{step.hash}: {len(found)} logs of {topic}.")
    return bytes.fromhex(found[0].data[2:])


def _index_of(step: StepView, chain: str, given: ChainConfig) -> Index:
    """Return the index at which a call was carried out, as the pool wrote it down."""
    ray = abi.decode("uint256,uint256,uint256,uint256,uint256", _data(step, given, _UPDATED))[3]
    return Index(ray=int(ray), rounding=_rounding(chain, given.contract(POOL)))


def _index(chain: str, pool: str, token: str) -> Index:
    (ray,) = abi.decode("uint256", _ask(chain, pool, "getReserveNormalizedIncome(address)", token))
    return Index(ray=int(ray), rounding=_rounding(chain, pool))


def _rounding(chain: str, pool: str) -> rays.Rounding:
    (revision,) = abi.decode("uint256", _ask(chain, pool, "POOL_REVISION()"))
    return rays.rounding_of(int(revision))


def _available(chain: str, pool: str, asset: Asset, receipt: str) -> Money:
    """Return what may be redeemed at once. Newer pools count it themselves; of older ones it is what they hold."""
    try:
        token = config.get(chain).token(asset)
        (units,) = abi.decode("uint256", _ask(chain, pool, "getVirtualUnderlyingBalance(address)", token))
    except contract.Rejected:
        return evm.token_balance(asset=asset, address=receipt)
    return Money(int(units), asset)


def _ask(chain: str, to: str, signature: str, *values: str) -> bytes:
    return evm.call(chain=chain, to=to, data=abi.encode(signature, *values))


def _facts(view: OperationView, step: StepView, units: Money, index: Index) -> dict[str, str]:
    at = sending.chain_time(view.chain, block=step.block_number)
    return {
        "scaled_units": str(units.units),
        "liquidity_index": str(index.ray),
        "rounding": index.rounding.value,
        "block_time": str(int(at.timestamp())),
    }
