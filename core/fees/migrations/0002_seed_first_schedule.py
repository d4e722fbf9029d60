"""Publish the first schedule: diBoaS' published prices and what its first providers charge."""

from datetime import UTC, datetime

from django.db import migrations

PERCENT, FLAT, BOTH = "percent", "flat", "percent_plus_flat"
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)

# Units are US cents. Provider rows carry no kind: a provider's capability names its row by code.
# Increase publishes no prices; its rows are the usual order of size for these rails.
RULES = [
    {"tier": "platform", "code": "deposit_percent", "kind": "deposit", "type": PERCENT, "rate": "0.005"},
    {"tier": "platform", "code": "withdrawal_percent", "kind": "withdrawal", "type": PERCENT, "rate": "0.005"},
    {"tier": "platform", "code": "withdrawal_fixed", "kind": "withdrawal", "type": FLAT, "flat_units": 99},
    *(
        {
            "tier": "platform",
            "code": "withdrawal_fixed",
            "kind": "withdrawal",
            "method": method,
            "type": FLAT,
            "flat_units": 199,
        }
        for method in ("rtp", "fednow", "instant")
    ),
    {"tier": "platform", "code": "transfer_fixed", "kind": "transfer", "type": FLAT, "flat_units": 25},
    {"tier": "provider", "code": "stripe_card", "type": BOTH, "rate": "0.029", "flat_units": 30},
    {"tier": "provider", "code": "stripe_ach", "type": PERCENT, "rate": "0.008", "cap_units": 500},
    {"tier": "provider", "code": "increase_ach", "type": FLAT, "flat_units": 25},
    {"tier": "provider", "code": "increase_rtp", "type": FLAT, "flat_units": 75},
    {"tier": "provider", "code": "increase_wire", "type": FLAT, "flat_units": 1500},
    {"tier": "compliance", "code": "kyc_once", "type": FLAT, "flat_units": 299, "fact": "kyc_fee_due"},
    {"tier": "compliance", "code": "aml_review", "kind": "withdrawal", "type": FLAT, "flat_units": 299, "over_units": 500000},
    {
        "tier": "compliance",
        "code": "aml_large_deposit",
        "kind": "deposit",
        "type": PERCENT,
        "rate": "0.0001",
        "over_units": 1000000,
    },
]


def seed(apps, schema_editor):
    schedule = apps.get_model("fees", "Schedule").objects.create(
        version=1, name="First published prices", effective_from=FIRST_DAY
    )
    rule = apps.get_model("fees", "Rule")
    rule.objects.bulk_create(
        rule(schedule=schedule, domain="" if row["tier"] == "provider" else "banking", **row) for row in RULES
    )
    schedule.published_at = FIRST_DAY
    schedule.save(update_fields=["published_at"])


def unseed(apps, schema_editor):
    apps.get_model("fees", "Rule").objects.all().delete()
    apps.get_model("fees", "Schedule").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("fees", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
