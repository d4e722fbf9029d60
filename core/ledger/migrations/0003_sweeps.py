"""The functions that free lots and fold deltas."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("ledger", "0002_guards_and_apply"),)
    operations = (
        migrations.RunSQL(
            sql=(SQL / "sweeps.sql").read_text(), reverse_sql=(SQL / "sweeps_reverse.sql").read_text()
        ),
    )
