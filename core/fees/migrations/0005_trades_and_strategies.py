"""Publish the second schedule: the first one, and what trades and strategies cost.

It is in force from the moment of the migration on; what was priced before keeps its price. A trade on an exchange pays
the exchange's fee on top where it buys, and out of what it brings where it sells; a pool's fee is inside its price.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

PERCENT, FLAT, PER_YEAR, SHARE = "percent", "flat", "per_year", "share_of_yield"
RULES = [
    {"tier": "platform", "code": "trade_percent", "domain": "investing", "type": PERCENT, "rate": "0.0025"},
    {"tier": "platform", "code": "trade_percent", "domain": "defi", "kind": "swap", "type": PERCENT, "rate": "0.0025"},
    {"tier": "platform", "code": "management", "domain": "defi", "type": PER_YEAR, "rate": "0.005"},
    {"tier": "platform", "code": "performance", "domain": "defi", "type": SHARE, "rate": "0.1"},
    {"tier": "provider", "code": "kraken_taker", "type": PERCENT, "rate": "0.004"},
    {"tier": "provider", "code": "inside_the_price", "type": FLAT},
]
COPIED = (
    "tier code domain kind method asset type fact rate currency flat_units min_units cap_units over_units".split()
)


def publish(apps, schema_editor):
    schedules, rules = apps.get_model("fees", "Schedule"), apps.get_model("fees", "Rule")
    newest = schedules.objects.filter(published_at__isnull=False, effective_to__isnull=True).latest("version")
    last = schedules.objects.latest("version").version
    schedule = schedules.objects.create(
        version=last + 1, name="Trades and strategies", effective_from=newest.effective_from
    )
    copies = [
        rules(schedule=schedule, **{name: getattr(row, name) for name in COPIED})
        for row in rules.objects.filter(schedule=newest).order_by("id")
    ]
    rules.objects.bulk_create([*copies, *(rules(schedule=schedule, **row) for row in RULES)])
    # The end of a published schedule lies ahead when it is set.
    at = timezone.now() + timedelta(milliseconds=200)
    schedules.objects.filter(pk=newest.pk).update(effective_to=at)
    schedules.objects.filter(pk=schedule.pk).update(effective_from=at, published_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("fees", "0004_rule_types_at_the_end")]
    # A published schedule stays: there is no way back, as for any other change of prices.
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
