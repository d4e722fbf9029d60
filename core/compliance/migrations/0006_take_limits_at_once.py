"""Limits of a set that fits as a whole are taken in two statements."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("compliance", "0005_limits_of_trades_and_strategies"),)
    operations = (
        migrations.RunSQL(
            sql=(SQL / "limits_at_once.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "limits_at_once_reverse.sql").read_text(encoding="utf-8"),
        ),
    )
