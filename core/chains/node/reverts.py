"""Why a contract said no, in our codes and in plain words.

Sources: https://docs.soliditylang.org (Error, Panic), EIP-6093 (tokens), protocols' own errors (Aave V3: numbers as
strings in old pools, custom errors in newer ones; Uniswap V3: short strings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.chains import abi

_ERROR = abi.selector("Error(string)")
_PANIC = abi.selector("Panic(uint256)")
UNEXPLAINED = "contract_reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revert:
    """A revert: our stable code, a plain sentence, and the contract's own word."""

    code: str
    detail: str
    said: str


_SLIPPAGE = ("slippage_exceeded", "The price moved beyond the limit, so the swap was not carried out.")
_LATE = ("deadline_passed", "It took longer than allowed, so it was not carried out.")
_NO_FUNDS = ("insufficient_token_balance", "The address holds too little of the token.")
_NO_ALLOWANCE = ("insufficient_allowance", "The contract may not take as much of the token from the address.")
_NOT_TAKEN = ("token_transfer_refused", "The token could not be taken: balance or allowance is too small.")
_CAP = ("supply_cap_reached", "The protocol takes no more of this asset for now.")
_PAUSED = ("reserve_paused", "The protocol has paused this asset.")
_FROZEN = ("reserve_frozen", "The protocol has frozen this asset.")
_INACTIVE = ("reserve_inactive", "The protocol does not offer this asset.")
_AMOUNT = ("invalid_amount_on_chain", "The protocol does not take this amount.")
_SUPPLIED = ("insufficient_supplied_balance", "Less than that lies in the protocol.")
_DRY = ("insufficient_liquidity", "The protocol or the pool has too little of the asset at the moment.")
_RISK = ("position_at_risk", "Taking this out would leave a loan without enough collateral.")

# What contracts say in words. The numbers are Aave's.
STRINGS: Mapping[str, tuple[str, str]] = {
    "Too little received": _SLIPPAGE,
    "Too much requested": _SLIPPAGE,
    "Transaction too old": _LATE,
    "STF": _NOT_TAKEN,
    "TF": _NOT_TAKEN,
    "ST": _NOT_TAKEN,
    "Insufficient WETH9": _DRY,
    "SPL": _SLIPPAGE,
    "AS": _AMOUNT,
    "IIA": _NOT_TAKEN,
    "LOK": ("pool_locked", "The pool is busy with another swap."),
    "ERC20: transfer amount exceeds balance": _NO_FUNDS,
    "ERC20: transfer amount exceeds allowance": _NO_ALLOWANCE,
    "ERC20: insufficient allowance": _NO_ALLOWANCE,
    "26": _AMOUNT,
    "27": _INACTIVE,
    "28": _FROZEN,
    "29": _PAUSED,
    "32": _SUPPLIED,
    "35": _RISK,
    "51": _CAP,
}
ERRORS: Mapping[bytes, tuple[str, tuple[str, str]]] = {
    abi.selector(signature): (signature, meaning)
    for signature, meaning in {
        "ERC20InsufficientBalance(address,uint256,uint256)": _NO_FUNDS,
        "ERC20InsufficientAllowance(address,uint256,uint256)": _NO_ALLOWANCE,
        "SafeERC20FailedOperation(address)": _NOT_TAKEN,
        "SupplyCapExceeded()": _CAP,
        "ReservePaused()": _PAUSED,
        "ReserveFrozen()": _FROZEN,
        "ReserveInactive()": _INACTIVE,
        "InvalidAmount()": _AMOUNT,
        "NotEnoughAvailableUserBalance()": _SUPPLIED,
        "UnderlyingBalanceZero()": _SUPPLIED,
        "HealthFactorLowerThanLiquidationThreshold()": _RISK,
    }.items()
}
PANICS: Mapping[int, str] = {
    0x01: "a check of its own failed",
    0x11: "a number became too large or too small",
    0x12: "it divided by zero",
    0x21: "a value was out of its range",
    0x31: "a list was empty",
    0x32: "a list was too short",
    0x41: "it needed too much memory",
}
OUT_OF_GAS = Revert(code="out_of_gas", detail="The transaction ran out of gas.", said="out of gas")


def decode(data: bytes) -> Revert:
    """Return what bytes returned by a revert mean. Never raises: what nobody knows is told as that."""
    try:
        if data[:4] == _ERROR:
            return _string(str(abi.decode("string", data[4:])[0]))
        if data[:4] == _PANIC:
            return _panic(int(abi.decode("uint256", data[4:])[0]))
    except abi.Undecodable:
        pass
    return _custom(data)


def _string(said: str) -> Revert:
    code, detail = STRINGS.get(said, (UNEXPLAINED, f"The contract refused it: {said[:200]}"))
    return Revert(code=code, detail=detail, said=said[:200])


def _panic(number: int) -> Revert:
    detail = f"The contract failed: {PANICS.get(number, 'for a reason of its own')}."
    return Revert(code="contract_failed", detail=detail, said=f"Panic(0x{number:02x})")


def _custom(data: bytes) -> Revert:
    if not data:
        return Revert(code=UNEXPLAINED, detail="The contract refused it without saying why.", said="")
    known = ERRORS.get(data[:4])
    if known is not None:
        signature, (code, detail) = known
        return Revert(code=code, detail=detail, said=signature.partition("(")[0])
    said = "0x" + data[:4].hex()
    return Revert(code=UNEXPLAINED, detail=f"The contract refused it with an error of its own ({said}).", said=said)
