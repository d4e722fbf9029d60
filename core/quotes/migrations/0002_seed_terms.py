"""A quote holds for a minute unless its kind says otherwise."""

from django.db import migrations


def seed(apps, schema_editor):
    apps.get_model("quotes", "Terms").objects.create(lifetime_s=60)


def unseed(apps, schema_editor):
    apps.get_model("quotes", "Terms").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("quotes", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
