"""The pairs that the product watches from the first day on. Data: rows are added and changed without a release."""

from django.db import migrations

# code, base, quote, band in basis points. Currencies and dollar coins move little, coins move much.
PAIRS = (
    ("BTC/USD", "BTC", "USD", 1_000),
    ("ETH/USD", "ETH", "USD", 1_000),
    ("SOL/USD", "SOL", "USD", 1_500),
    ("SUI/USD", "SUI", "USD", 1_500),
    ("USDC/USD", "USDC", "USD", 200),
    ("USDT/USD", "USDT", "USD", 200),
    ("EUR/USD", "EUR", "USD", 300),
    ("GBP/USD", "GBP", "USD", 300),
)


def add(apps, _editor):
    model = apps.get_model("market", "Pair")
    model.objects.bulk_create(
        model(code=code, base=base, quote=quote, band_bps=band_bps) for code, base, quote, band_bps in PAIRS
    )


def remove(apps, _editor):
    apps.get_model("market", "Pair").objects.filter(code__in=[code for code, *_ in PAIRS]).delete()


class Migration(migrations.Migration):
    dependencies = [("market", "0001_initial")]
    operations = [migrations.RunPython(add, remove)]
