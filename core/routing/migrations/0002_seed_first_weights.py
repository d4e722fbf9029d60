"""The product's weights: half health, then cost before speed."""

from datetime import UTC, datetime

from django.db import migrations


def seed(apps, schema_editor):
    apps.get_model("routing", "Weights").objects.create(
        version=1,
        health=50,
        cost=30,
        speed=20,
        effective_from=datetime(2024, 1, 1, tzinfo=UTC),
        reason="First weights of the product.",
    )


def unseed(apps, schema_editor):
    apps.get_model("routing", "Weights").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
