"""The two calls of an idempotent request, each one round trip."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("resilience", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=(_SQL / "idempotency.sql").read_text(),
            reverse_sql=(_SQL / "idempotency_drop.sql").read_text(),
        ),
    ]
