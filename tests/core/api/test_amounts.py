"""Amounts at the door."""

import pytest

from core.api import amounts
from core.kernel import assets, errors
from core.kernel.money import Money

AT = "/source"


@pytest.mark.parametrize(
    ("data", "units", "code"),
    [
        ({"amount": "100.25", "asset": "USD"}, 10025, "USD"),
        ({"amount": "0", "asset": "EUR", "chain": None}, 0, "EUR"),
        ({"amount": "7", "asset": "USDC", "chain": "solana"}, 7_000_000, "USDC:solana"),
        ({"amount": "0.000000000000000001", "asset": "ETH", "chain": "ethereum"}, 1, "ETH:ethereum"),
    ],
)
def test_an_amount_is_read_exactly(data, units, code):
    assert amounts.parse_money(data, pointer=AT) == Money.of(units, code)


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (None, "invalid_type", "/source"),
        ("100 USD", "invalid_type", "/source"),
        ({}, "required", "/source/asset"),
        ({"asset": "USD"}, "required", "/source/amount"),
        ({"amount": 100, "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": 100.25, "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": None, "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "1e3", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "-1", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "+1", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": " 1", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "1,000.00", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "01", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "\u0661", "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "9" * 61, "asset": "USD"}, "invalid_amount", "/source/amount"),
        ({"amount": "1.001", "asset": "USD"}, "too_many_decimals", "/source/amount"),
        ({"amount": "1", "asset": "XXX"}, "unknown_asset", "/source/asset"),
        ({"amount": "1", "asset": 5}, "required", "/source/asset"),
        ({"amount": "1", "asset": "USDC"}, "chain_required", "/source/chain"),
        ({"amount": "1", "asset": "USDC", "chain": "tron"}, "unknown_chain", "/source/chain"),
        ({"amount": "1", "asset": "USDC", "chain": "bitcoin"}, "wrong_chain", "/source/chain"),
        ({"amount": "1", "asset": "USDC", "chain": ["solana"]}, "unknown_chain", "/source/chain"),
        ({"amount": "1", "asset": "USD", "chain": "solana"}, "wrong_chain", "/source/chain"),
        ({"amount": "1", "asset": "USD", "currency": "USD"}, "unknown_field", "/source/currency"),
    ],
)
def test_anything_else_is_refused_by_the_name_of_the_field(data, code, pointer):
    with pytest.raises(errors.InvalidInput) as caught:
        amounts.parse_money(data, pointer=AT)

    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_an_asset_alone_has_no_amount():
    assert amounts.parse_asset({"asset": "SUI", "chain": "sui"}, pointer="/target") == assets.get("SUI:sui")
    with pytest.raises(errors.InvalidInput) as caught:
        amounts.parse_asset({"asset": "USD", "amount": "1"}, pointer="/target")
    assert (caught.value.code, caught.value.pointer) == ("unknown_field", "/target/amount")


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money.of(10025, "USD"), {"amount": "100.25", "asset": "USD"}),
        (Money.of(0, "USD"), {"amount": "0.00", "asset": "USD"}),
        (Money.of(1, "BTC:bitcoin"), {"amount": "0.00000001", "asset": "BTC", "chain": "bitcoin"}),
        (Money.of(-5, "EUR"), {"amount": "-0.05", "asset": "EUR"}),
    ],
)
def test_an_amount_is_written_exactly(money, shown):
    assert amounts.render(money) == shown


def test_an_asset_is_written_with_its_chain_if_it_has_one():
    assert amounts.render_asset(assets.get("USD")) == {"asset": "USD"}
    assert amounts.render_asset(assets.get("ETH:ethereum")) == {"asset": "ETH", "chain": "ethereum"}
