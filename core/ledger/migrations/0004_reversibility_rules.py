"""The first risk settings: how long an inflow stays reversible for us.

Shorter than the legal windows on purpose (card dispute 120 days; ACH debit 60 days unauthorised, 2 banking days for
insufficient funds; SEPA direct debit 8 weeks): better known customers wait less, and a card payment whose liability
shifted to the issuer (3-D Secure) waits for nothing at the highest level. Pushed money is final.
"""

from datetime import timedelta

from django.db import migrations

# rail: days by KYC level 0, 1, 2, 3 without and with liability shift
RULES = {
    "card": ((14, 7, 3, 0), (3, 1, 0, 0)),
    "ach_debit": ((30, 10, 5, 3), (30, 10, 5, 3)),
    "sepa_debit": ((56, 28, 14, 7), (56, 28, 14, 7)),
    "ach": ((0, 0, 0, 0), (0, 0, 0, 0)),
    "sepa_credit": ((0, 0, 0, 0), (0, 0, 0, 0)),
    "wire": ((0, 0, 0, 0), (0, 0, 0, 0)),
    "rtp": ((0, 0, 0, 0), (0, 0, 0, 0)),
}


def load(apps, schema_editor):
    rule = apps.get_model("ledger", "ReversibilityRule")
    rule.objects.bulk_create(
        rule(rail=rail, kyc_level=level, liability_shift=shift, hold_for=timedelta(days=days))
        for rail, by_shift in RULES.items()
        for shift, by_level in zip((False, True), by_shift)
        for level, days in enumerate(by_level)
    )


def unload(apps, schema_editor):
    apps.get_model("ledger", "ReversibilityRule").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = (("ledger", "0003_sweeps"),)
    operations = (migrations.RunPython(load, unload),)
