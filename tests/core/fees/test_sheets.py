"""How a fee sheet is stored and shown."""

import json

from core.fees import sheets
from core.kernel.money import Money


def sheet():
    return sheets.FeeSheet(
        schedule_version=3,
        debit=Money.of(10_000, "USD"),
        receive=Money.of(9_630, "USD"),
        lines=(
            sheets.FeeLine(tier="platform", code="deposit_percent", rate="0.5%", amount=Money.of(50, "USD")),
            sheets.FeeLine(tier="provider", code="stripe_card", rate="2.9% + 0.30 USD", amount=Money.of(320, "USD")),
        ),
    )


def test_stored_form_survives_json():
    stored = json.loads(json.dumps(sheet().to_json()))

    assert stored["debit"] == "10000"
    assert sheets.FeeSheet.from_json(stored) == sheet()


def test_rendering_is_the_contracts_shape():
    assert sheet().render() == {
        "platform": {"amount": "0.50", "asset": "USD"},
        "provider": {"amount": "3.20", "asset": "USD"},
        "network": {"amount": "0.00", "asset": "USD"},
        "compliance": {"amount": "0.00", "asset": "USD"},
        "premium": {"amount": "0.00", "asset": "USD"},
        "total": {"amount": "3.70", "asset": "USD"},
        "lines": [
            {"tier": "platform", "code": "deposit_percent", "rate": "0.5%", "amount": "0.50", "asset": "USD"},
            {"tier": "provider", "code": "stripe_card", "rate": "2.9% + 0.30 USD", "amount": "3.20", "asset": "USD"},
        ],
    }


def test_coin_amounts_name_their_chain():
    coins = sheets.FeeSheet(
        schedule_version=1,
        debit=Money.of(2_000_000, "USDC:solana"),
        receive=Money.of(1_500_000, "USDC:solana"),
        lines=(sheets.FeeLine(tier="network", code="gas", rate="quoted", amount=Money.of(500_000, "USDC:solana")),),
    )

    assert coins.render()["total"] == {"amount": "0.500000", "asset": "USDC", "chain": "solana"}
    assert sheets.FeeSheet.from_json(coins.to_json()) == coins
