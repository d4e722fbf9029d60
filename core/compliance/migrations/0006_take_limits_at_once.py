"""Limits of a set that fits as a whole are taken in two statements."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("compliance", "0005_limits_of_trades_and_strategies"),)
    operations = (
        # Going back leaves the functions as they are: their file keeps the current text, not the ones before.
        migrations.RunSQL(sql=(SQL / "limits.sql").read_text(encoding="utf-8"), reverse_sql=migrations.RunSQL.noop),
    )
