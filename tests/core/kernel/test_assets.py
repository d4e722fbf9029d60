"""The product's assets and chains, one by one, and what a wrong name gets."""

import pytest

from core.kernel import assets, chains, errors

DECIMALS = {
    "USD": 2, "EUR": 2, "GBP": 2, "BTC:bitcoin": 8, "ETH:ethereum": 18, "USDC:ethereum": 6, "USDT:ethereum": 6,
    "AUSDC:ethereum": 6, "SOL:solana": 9, "USDC:solana": 6, "USDT:solana": 6, "SUI:sui": 9,
    "USDC:sui": 6, "USDT:sui": 6,
}  # fmt: skip


def test_every_asset_of_the_product_is_there_with_its_decimals() -> None:
    assert {code: asset.decimals for code, asset in assets.ASSETS.items()} == DECIMALS


def test_native_coins_belong_to_their_chain() -> None:
    natives = {code: chain.native for code, chain in chains.CHAINS.items()}

    assert natives == {"bitcoin": "BTC", "ethereum": "ETH", "solana": "SOL", "sui": "SUI"}
    for chain, symbol in natives.items():
        assert assets.get(f"{symbol}:{chain}").contract == ""


def test_fiat_and_stablecoins_are_at_home_in_banking_and_coins_in_investing() -> None:
    at_home = {asset.symbol: asset.home_domain for asset in assets.ASSETS.values()}

    assert {symbol for symbol, home in at_home.items() if home == "banking"} == {"USD", "EUR", "GBP", "USDC", "USDT"}
    assert {symbol for symbol, home in at_home.items() if home == "investing"} == {"BTC", "ETH", "SOL", "SUI"}


def test_only_fiat_has_no_chain() -> None:
    assert {asset.code for asset in assets.ASSETS.values() if asset.is_fiat} == {"USD", "EUR", "GBP"}
    assert all(asset.chain in chains.CHAINS for asset in assets.ASSETS.values() if not asset.is_fiat)


def test_every_token_names_its_contract() -> None:
    tokens = [asset for asset in assets.ASSETS.values() if asset.symbol in {"USDC", "USDT"}]

    assert len(tokens) == 6
    assert len({asset.contract for asset in tokens}) == 6
    assert all(asset.contract for asset in tokens)


@pytest.mark.parametrize("code", list(DECIMALS))
def test_symbol_and_chain_lead_back_to_the_instance(code: str) -> None:
    symbol, _, chain = code.partition(":")

    assert assets.resolve(symbol=symbol, chain=chain or None) is assets.get(code)


@pytest.mark.parametrize(
    ("symbol", "chain", "code", "pointer"),
    [
        ("DOGE", None, "unknown_asset", "/asset"),
        ("usd", None, "unknown_asset", "/asset"),
        ("USDC", None, "chain_required", "/chain"),
        ("BTC", None, "chain_required", "/chain"),
        ("USDC", "polygon", "unknown_chain", "/chain"),
        ("USDC", "Solana", "unknown_chain", "/chain"),
        ("USDC", "bitcoin", "wrong_chain", "/chain"),
        ("USD", "ethereum", "wrong_chain", "/chain"),
        ("USDC", "", "unknown_chain", "/chain"),
    ],
)
def test_a_wrong_name_is_refused_by_the_field_that_is_wrong(
    symbol: str, chain: str | None, code: str, pointer: str
) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        assets.resolve(symbol=symbol, chain=chain)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


def test_unknown_codes_are_refused() -> None:
    with pytest.raises(errors.InvalidInput, match="unknown_asset"):
        assets.get("USDC")
    with pytest.raises(errors.InvalidInput, match="unknown_chain"):
        chains.get("polygon")


def test_the_lists_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        assets.ASSETS["X"] = assets.get("USD")  # type: ignore[index]  # that is the point
    with pytest.raises(TypeError):
        chains.CHAINS["x"] = chains.get("sui")  # type: ignore[index]  # that is the point
