"""Take limits in sets, atomically."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("compliance", "0002_seed_first_rules"), ("identity", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql=(SQL / "limits.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "limits_reverse.sql").read_text(encoding="utf-8"),
        ),
    ]
