"""Calls of Aave to the byte."""

from __future__ import annotations

from core.chains import abi
from defi.providers import aave_v3

TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
OWNER = "0x00000000000000000000000000000000000000AA"


def _word(value: int | str) -> str:
    return f"{value:064x}" if isinstance(value, int) else value.removeprefix("0x").lower().rjust(64, "0")


def test_a_supply_is_on_behalf_of_its_owner() -> None:
    data = aave_v3.supply_call(token=TOKEN, units=499_400_000, owner=OWNER)

    assert data.hex() == "617ba037" + _word(TOKEN) + _word(499_400_000) + _word(OWNER) + _word(0)


def test_everything_is_the_largest_number_there_is() -> None:
    data = aave_v3.withdraw_call(token=TOKEN, units=abi.MAX_UINT256, to=OWNER)

    assert data.hex() == "69328dec" + _word(TOKEN) + "f" * 64 + _word(OWNER)


def test_the_events_are_those_of_the_protocol() -> None:
    assert aave_v3._SUPPLIED == "0x2b627736bca15cd5381dcf80b0bf11fd197d01a037c52b927a881a10fb73ba61"
    assert aave_v3._WITHDRAWN == "0x3115d1449a7b732c986cba18244e897a450f61e1bb8d589cd2e69e6c8924f9f7"
    assert aave_v3._UPDATED == "0x804c9b842b2748a22bb64b345453a3de7ca54a6ca45ce00d415894979e22897a"
