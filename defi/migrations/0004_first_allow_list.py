"""The first strategy and the first pools. Staff switch them off and on in the console; more come as data."""

from django.db import migrations

DOLLAR = 10**6
STRATEGY = {
    "code": "aave_v3_usdc",
    "name": "USDC on Aave V3",
    "chain": "ethereum",
    "protocol": "aave_v3",
    "contract": "aave_v3.pool",
    "asset": "USDC:ethereum",
    "receipt_asset": "AUSDC:ethereum",
    "minimum_units": 10 * DOLLAR,
    "maximum_units": 250_000 * DOLLAR,
    "cap_units": 5_000_000 * DOLLAR,
    "max_network_fee_bps": 2_500,
}
# Pools by what they swap, their fee in hundredths of a basis point, and how far one swap may move their price.
POOLS = (
    ("uniswap_v3_usdc_eth_500", "USDC:ethereum", "ETH:ethereum", 500, 200),
    ("uniswap_v3_usdc_eth_3000", "USDC:ethereum", "ETH:ethereum", 3000, 200),
    ("uniswap_v3_usdc_usdt_100", "USDC:ethereum", "USDT:ethereum", 100, 50),
)


def seed(apps, schema_editor):
    apps.get_model("defi", "Strategy").objects.create(**STRATEGY)
    venue = apps.get_model("defi", "Venue")
    for code, one, other, fee, impact in POOLS:
        venue.objects.create(
            code=code,
            chain="ethereum",
            protocol="uniswap_v3",
            one_asset=one,
            other_asset=other,
            fee=fee,
            max_impact_bps=impact,
            max_network_fee_bps=2_500,
        )


def unseed(apps, schema_editor):
    apps.get_model("defi", "Venue").objects.all().delete()
    apps.get_model("defi", "Reading").objects.all().delete()
    apps.get_model("defi", "Strategy").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = (("defi", "0003_history_stays"),)
    operations = (migrations.RunPython(seed, unseed),)
