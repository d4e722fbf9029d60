"""The first limits, rules and (invented) names. Units are US cents."""

from django.db import migrations

KINDS = ("deposit", "withdrawal", "transfer")
# Per level: single, daily, monthly, in USD. Level 0 is not identified: little, and held for identification anyway.
LIMITS = {
    0: (250, 250, 1_000),
    1: (10_000, 20_000, 50_000),
    2: (50_000, 100_000, 500_000),
    3: (250_000, 25_000_000, 250_000_000),
}
KYC, COMPLIANCE = "KYC_VERIFICATION", "COMPLIANCE_CHECK"
RULES = [
    {"code": "identity_needed", "type": "level", "stage": KYC, "below_level": 1},
    {"code": "name_screening", "type": "screening", "stage": COMPLIANCE, "near_percent": 90},
    {"code": "high_risk_country", "type": "country", "stage": COMPLIANCE, "countries": ["IR", "KP"]},
    {
        "code": "large_withdrawal",
        "type": "amount",
        "stage": COMPLIANCE,
        "kind": "withdrawal",
        "below_level": 3,
        "over_units": 500_000,
    },
    {
        "code": "withdrawal_structuring",
        "type": "structuring",
        "stage": COMPLIANCE,
        "kind": "withdrawal",
        "below_level": 3,
        "over_units": 500_000,
        "near_percent": 80,
        "count": 3,
        "window_s": 86_400,
    },
    {
        "code": "withdrawal_velocity",
        "type": "velocity",
        "stage": COMPLIANCE,
        "kind": "withdrawal",
        "below_level": 3,
        "count": 20,
        "window_s": 3_600,
    },
]
# Nobody real: people and handles of fiction, for demonstrations and tests.
NAMES = [
    ("person", "Baron Maximilian von Schattenfels", "baron maximilian schattenfels von"),
    ("person", "Ximena Tenebrosa Quimera", "quimera tenebrosa ximena"),
    ("handle", "shadow_syndicate", "shadow syndicate"),
]


def seed(apps, schema_editor):
    limit = apps.get_model("compliance", "LevelLimit")
    limit.objects.bulk_create(
        limit(
            level=level,
            kind=kind,
            asset="USD",
            single_units=single * 100,
            daily_units=daily * 100,
            monthly_units=monthly * 100,
        )
        for level, (single, daily, monthly) in LIMITS.items()
        for kind in KINDS
    )
    rule = apps.get_model("compliance", "HoldRule")
    rule.objects.bulk_create(rule(**row) for row in RULES)
    entry = apps.get_model("compliance", "ScreeningEntry")
    entry.objects.bulk_create(
        entry(kind=kind, name=name, normalised=normalised, reason="Invented, for demonstration.")
        for kind, name, normalised in NAMES
    )


def unseed(apps, schema_editor):
    for model in ("ScreeningEntry", "HoldRule", "LevelLimit"):
        apps.get_model("compliance", model).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
