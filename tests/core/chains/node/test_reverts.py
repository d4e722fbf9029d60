"""What contracts say when they say no."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from core.chains import abi
from core.chains.node import reverts


def error(said: str) -> bytes:
    return abi.selector("Error(string)") + encode(["string"], [said])


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (error("Too little received"), "slippage_exceeded", "Too little received"),
        (error("STF"), "token_transfer_refused", "STF"),
        (error("51"), "supply_cap_reached", "51"),
        (error("32"), "insufficient_supplied_balance", "32"),
        (error("Nobody knows"), "contract_reverted", "Nobody knows"),
        (bytes.fromhex("f58f733a"), "supply_cap_reached", "SupplyCapExceeded"),
        (bytes.fromhex("d37f5f1c"), "reserve_paused", "ReservePaused"),
        (bytes.fromhex("2c5211c6"), "invalid_amount_on_chain", "InvalidAmount"),
        (bytes.fromhex("47bc4b2c"), "insufficient_supplied_balance", "NotEnoughAvailableUserBalance"),
        (bytes.fromhex("deadbeef") + b"\0" * 32, "contract_reverted", "0xdeadbeef"),
        (abi.selector("Panic(uint256)") + encode(["uint256"], [0x11]), "contract_failed", "Panic(0x11)"),
        (abi.selector("Error(string)") + b"\xff" * 40, "contract_reverted", "0x08c379a0"),
        (b"", "contract_reverted", ""),
    ],
)
def test_a_revert_is_told_in_our_words(data: bytes, code: str, said: str) -> None:
    found = reverts.decode(data)

    assert (found.code, found.said) == (code, said)
    assert found.detail.endswith(".") or said in found.detail


def test_a_panic_says_what_went_wrong() -> None:
    found = reverts.decode(abi.selector("Panic(uint256)") + encode(["uint256"], [0x11]))

    assert found.detail == "The contract failed: a number became too large or too small."
