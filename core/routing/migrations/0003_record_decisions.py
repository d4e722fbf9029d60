"""Write decisions in sets, and never change decisions or weights afterwards."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_seed_first_weights")]
    operations = [
        migrations.RunSQL(
            sql=(SQL / "record.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "record_reverse.sql").read_text(encoding="utf-8"),
        ),
    ]
