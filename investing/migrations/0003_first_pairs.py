"""The pairs that customers trade from the first day on. Data: rows are added and changed without a release.

What the exchange says of them (minimums, decimals, fee) is as it was when this was written; it is asked every few minutes.
"""

from django.db import migrations

# code, base, quote, band in basis points, smallest quantity, price decimals. Dollar coins move little, coins move much.
PAIRS = (
    ("BTC/USD", "BTC:bitcoin", "USD", 100, 5_000, 1),
    ("ETH/USD", "ETH:ethereum", "USD", 100, 2 * 10**15, 2),
    ("SOL/USD", "SOL:solana", "USD", 150, 2 * 10**7, 2),
    ("SUI/USD", "SUI:sui", "USD", 150, 25 * 10**8, 4),
    ("BTC/USDC", "BTC:bitcoin", "USDC:ethereum", 100, 5_000, 2),
    ("ETH/USDC", "ETH:ethereum", "USDC:ethereum", 100, 2 * 10**15, 2),
    ("SOL/USDC", "SOL:solana", "USDC:ethereum", 150, 2 * 10**7, 2),
    ("SUI/USDC", "SUI:sui", "USDC:ethereum", 150, 25 * 10**8, 4),
    ("USDC/USD", "USDC:ethereum", "USD", 50, 5_000_000, 4),
)
# 0.50 and 250,000 whole units of the quote asset.
COSTS = {"USD": (50, 25_000_000), "USDC:ethereum": (500_000, 250_000_000_000)}


def add(apps, _editor):
    model = apps.get_model("investing", "Pair")
    model.objects.bulk_create(
        model(
            code=code,
            base=base,
            quote=quote,
            band_bps=band_bps,
            minimum=minimum,
            minimum_cost=COSTS[quote][0],
            maximum_cost=COSTS[quote][1],
            price_decimals=price_decimals,
            lot_decimals=8,
            taker_fee="0.004",
        )
        for code, base, quote, band_bps, minimum, price_decimals in PAIRS
    )


def remove(apps, _editor):
    apps.get_model("investing", "Pair").objects.filter(code__in=[code for code, *_ in PAIRS]).delete()


class Migration(migrations.Migration):
    dependencies = [("investing", "0002_guards")]
    operations = [migrations.RunPython(add, remove)]
