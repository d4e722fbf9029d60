"""A case is decided once and stays."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("compliance", "0003_consume_limits")]
    operations = [
        migrations.RunSQL(
            sql=(SQL / "cases.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "cases_reverse.sql").read_text(encoding="utf-8"),
        ),
    ]
