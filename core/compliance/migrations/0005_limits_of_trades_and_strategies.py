"""The first limits of trades and strategies: per level the same worth as for payments.

Limits count units of an asset. Coins are counted at round reference prices, as data that staff can change: the limit is
a safeguard, not a price.
"""

from django.db import migrations

KINDS = ("buy", "sell", "start_strategy", "swap")
# How many smallest units stand for one US dollar.
ASSETS = {
    "USD": 100,
    "USDC:ethereum": 10**6,
    "USDT:ethereum": 10**6,
    "BTC:bitcoin": 1_000,
    "ETH:ethereum": 333_333_333_333_333,
    "SOL:solana": 6_666_667,
    "SUI:sui": 333_333_333,
}
# Per level: single, daily, monthly, in dollars. Level 0 is not identified: little, and held for identification anyway.
LIMITS = {
    0: (250, 250, 1_000),
    1: (10_000, 20_000, 50_000),
    2: (50_000, 100_000, 500_000),
    3: (250_000, 25_000_000, 250_000_000),
}


def seed(apps, schema_editor):
    limit = apps.get_model("compliance", "LevelLimit")
    limit.objects.bulk_create(
        limit(
            level=level,
            kind=kind,
            asset=asset,
            single_units=single * dollar,
            daily_units=daily * dollar,
            monthly_units=monthly * dollar,
        )
        for level, (single, daily, monthly) in LIMITS.items()
        for kind in KINDS
        for asset, dollar in ASSETS.items()
    )


def unseed(apps, schema_editor):
    apps.get_model("compliance", "LevelLimit").objects.filter(kind__in=KINDS).delete()


class Migration(migrations.Migration):
    dependencies = [("compliance", "0004_guard_cases")]
    operations = [migrations.RunPython(seed, unseed)]
